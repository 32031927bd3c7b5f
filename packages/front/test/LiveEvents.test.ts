/** A front's feeds when shards move, and sockets that do not read. */
import { assert, describe, it } from "@effect/vitest"
import { AccountId, LocalNo } from "@rookery/domain/Ids"
import * as EventBatch from "@rookery/protocol/EventBatch"
import { Unavailable } from "@rookery/protocol/Errors"
import { Effect, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { WebSocket } from "ws"
import type { ActorCalls } from "../src/ActorCalls.ts"
import { unavailable } from "../src/http/Errors.ts"
import * as Client from "../src/live/Client.ts"
import * as LiveEvents from "../src/live/LiveEvents.ts"
import type { NoticeRows } from "../src/live/NoticeRows.ts"
import * as People from "../src/live/People.ts"
import type { Shunned } from "../src/read/Shunned.ts"
import type { Reader } from "../src/read/Reader.ts"
import type { Hydration } from "../src/read/Hydration.ts"
import type { Account } from "../src/oauth/Identity.ts"

const account = (n: number): Account => ({ id: AccountId.make(BigInt(n)), no: LocalNo.make(n), shard: 1 })

/** What a socket was sent and told. */
const makeSocket = () => {
  const sent: Array<string> = []
  const socket = {
    OPEN: 1,
    CLOSING: 2,
    readyState: 1,
    bufferedAmount: 0,
    closedWith: undefined as number | undefined,
    isTerminated: false,
    send: (data: Buffer | string) => void sent.push(String(data)),
    ping: () => {},
    close: (code: number) => {
      socket.closedWith = code
      socket.readyState = 2
    },
    terminate: () => void (socket.isTerminated = true)
  }
  return { sent, socket }
}

const enter = (people: People.People, n: number) => {
  const { sent, socket } = makeSocket()
  const client: Client.Client = { socket: socket as unknown as WebSocket, account: account(n), tokenHash: "", mayStatuses: true, mayNotices: true, streams: "user", alive: true, wake: undefined }
  const person = People.expect(people, client.account)
  People.add(person, client)
  People.settle(people, person)
  return { client, person, sent, socket }
}

/** A shard whose feeds the test opens, fills and breaks. */
const makeShard = () => {
  const feeds: Array<Queue.Queue<Uint8Array, Unavailable>> = []
  const told: Array<string> = []
  let isUp = true
  const calls = {
    events: () =>
      Stream.unwrap(Effect.map(Queue.unbounded<Uint8Array, Unavailable>(), (queue) => {
        feeds.push(queue)
        return Stream.fromQueue(queue)
      })),
    connect: (id: AccountId) => Effect.suspend(() => (told.push(`+${id}`), isUp ? Effect.void : Effect.fail(unavailable()))),
    disconnect: (id: AccountId) => Effect.sync(() => void told.push(`-${id}`))
  } as unknown as ActorCalls
  return { feeds, told, calls, setUp: (up: boolean) => void (isUp = up) }
}

const hydration = { dropPost: () => {}, posts: () => Effect.succeed([]) } as unknown as Hydration

const make = (shard: ReturnType<typeof makeShard>, people: People.People) =>
  LiveEvents.make(shard.calls, "front-1", {
    people,
    hydration,
    reader: {} as Reader,
    notices: {} as NoticeRows,
    marks: { of: () => Effect.succeed(new Map()) },
    shunned: { of: () => Effect.succeed(new Map()) } as unknown as Shunned,
    bufferMax: 1_000
  })

const deletion = (people: ReadonlyArray<number>) =>
  EventBatch.encode([{ kind: EventBatch.kinds.delete, postId: 7n, authorNo: 1, people }])

const opened = new Uint8Array(0)

describe("the feeds of a front", () => {
  it.effect("are opened again when they end, and the shard is told again who is here", () =>
    Effect.gen(function*() {
      const people = People.make()
      const shard = makeShard()
      const events = yield* make(shard, people)
      const [ann, bob] = [enter(people, 1), enter(people, 2)]
      yield* events.connect(ann.person)
      yield* events.connect(bob.person)
      yield* events.connect(ann.person)
      yield* TestClock.adjust(1)
      assert.lengthOf(shard.feeds, 1, "one feed for the shard")
      assert.deepStrictEqual(shard.told, ["+1", "+2"])
      yield* Queue.offer(shard.feeds[0]!, deletion([1, 2]))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([ann.sent.length, bob.sent.length], [1, 1])

      yield* Queue.fail(shard.feeds[0]!, new Unavailable({ reason: "the shard has moved" }))
      yield* TestClock.adjust(500)
      assert.lengthOf(shard.feeds, 2)
      yield* Queue.offer(shard.feeds[1]!, opened)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(shard.told.slice(2), ["+1", "+2"])

      // Moved by the cluster itself: the same stream begins anew.
      yield* Queue.offer(shard.feeds[1]!, opened)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(shard.told.slice(4), ["+1", "+2"])
    }))

  it.effect("tell a shard that was away later, and of no one who has left", () =>
    Effect.gen(function*() {
      const people = People.make()
      const shard = makeShard()
      const events = yield* make(shard, people)
      const ann = enter(people, 1)
      const bob = enter(people, 2)
      yield* events.connect(ann.person)
      shard.setUp(false)
      yield* Queue.offer(shard.feeds[0]!, opened)
      yield* TestClock.adjust(1)
      yield* Effect.flip(events.connect(bob.person))
      assert.isUndefined(People.remove(people, enter(people, 2).client), "another socket of bob is there")
      const gone = People.remove(people, bob.client)
      yield* events.disconnect(gone!)
      shard.told.length = 0
      shard.setUp(true)
      yield* TestClock.adjust(3_000)
      assert.deepStrictEqual(shard.told, ["+1"])
      assert.isTrue(ann.person.connected)
    }))

  it.effect("drop a socket that does not read, and end it when it does not close", () =>
    Effect.gen(function*() {
      const people = People.make()
      const shard = makeShard()
      const events = yield* make(shard, people)
      const slow = enter(people, 1)
      yield* events.connect(slow.person)
      slow.socket.bufferedAmount = 1_001
      yield* Queue.offer(shard.feeds[0]!, deletion([1]))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([slow.sent.length, slow.socket.closedWith], [0, 1013])
      Client.endIfClosing(slow.client)
      assert.isTrue(slow.socket.isTerminated)
    }))
})
