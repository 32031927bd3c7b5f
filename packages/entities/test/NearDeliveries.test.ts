import { assert, describe, it } from "@effect/vitest"
import * as Window from "@rookery/domain/TimelineWindow"
import { kinds } from "@rookery/protocol/DeliveryBatch"
import * as EventBatch from "@rookery/protocol/EventBatch"
import { Effect, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as NearDeliveries from "../src/NearDeliveries.ts"
import * as PulledAuthors from "../src/PulledAuthors.ts"
import * as Resident from "../src/ResidentWindow.ts"
import * as SessionTable from "../src/SessionTable.ts"
import * as ShardWindows from "../src/ShardWindows.ts"

const author = 5
const header = { kind: kinds.push, lo: 100, hi: 0, authorNo: author, epoch: 1 }
const lingerMillis = 16

const pulled = PulledAuthors.make({ ringEntriesMax: 8, readRing: () => Effect.die("unused"), now: () => 0, runFork: () => {} })

/** Shard 1 with the readers 10 and 11, and how a post is brought there. */
const makeNear = Effect.fnUntraced(function*(trusted = true) {
  const shard = ShardWindows.make(1, pulled)
  const addReader = (no: number) => {
    const resident = Resident.make(no, BigInt(no), 8, 0)
    Resident.land(resident, { followees: Uint32Array.of(author, no), hidden: new Uint32Array(0), entries: [], floor: 0n })
    shard.byNo.set(no, resident)
    return resident
  }
  const readers = [addReader(10), addReader(11)] as const
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const deliver = NearDeliveries.make({
    shards: new Map([[1, shard]]),
    guard: { trusted: () => trusted },
    lingerMillis,
    runFork: (effect) => void runFork(effect)
  })
  return { shard, readers, deliver }
})

const posts = ({ window }: Resident.ResidentWindow) => Array.from({ length: window.length }, (_, rank) => Window.loAt(window, rank))

const numbers = Uint32Array.of(10, 11, 12)

describe("NearDeliveries", () => {
  it.effect("write the windows of the readers that are named at once", () =>
    Effect.gen(function*() {
      const { deliver, readers } = yield* makeNear()
      assert.isTrue(deliver(1, header, numbers, 1, 3))
      assert.deepStrictEqual(readers.map(posts), [[], [100]])
    }))

  it.effect("leave to a message what is no push, what is for many, and what is for a shard elsewhere or in doubt", () =>
    Effect.gen(function*() {
      const { deliver, readers } = yield* makeNear()
      const doubted = yield* makeNear(false)
      const many = Uint32Array.from({ length: 65 }, (_, i) => 10 + i)
      assert.isFalse(deliver(1, { ...header, kind: kinds.remove }, numbers, 0, 0))
      assert.isFalse(deliver(1, header, many, 0, many.length))
      assert.isFalse(deliver(2, header, numbers, 0, 3))
      assert.isFalse(doubted.deliver(1, header, numbers, 0, 3))
      assert.deepStrictEqual([...readers, ...doubted.readers].map(posts), [[], [], [], []])
    }))

  it.effect("look ahead at the readers of shards that are here, those that go by message left out, and write nothing", () =>
    Effect.gen(function*() {
      const { readers, shard } = yield* makeNear()
      const looked: Array<number> = []
      class Watched extends Map<number, Resident.ResidentWindow> {
        override get(no: number) {
          looked.push(no)
          return super.get(no)
        }
      }
      const many = Uint32Array.from({ length: 80 }, (_, i) => 10 + i)
      const expect = NearDeliveries.expect(new Map([[1, { ...shard, byNo: new Watched(shard.byNo) }]]))
      expect(author, many, [1, 0, 2, 2, 2, 4, 1, 4, 80, 1, 79, 80])
      assert.deepStrictEqual(looked, [10, 11, 89])
      assert.deepStrictEqual(readers.map(posts), [[], []])
    }))

  it.effect("tell those who are online in one chunk of what came within the pause, sooner after a quiet time", () =>
    Effect.gen(function*() {
      const { deliver, shard } = yield* makeNear()
      const feed = yield* SessionTable.open(shard.sessions, "front")
      SessionTable.connect(shard.sessions, 10, "front")
      const told = Effect.map(Queue.clear(feed), (chunks) =>
        chunks.map((chunk) => EventBatch.decode(chunk).map(({ people, postId }) => [Number(postId), people])))
      const push = (lo: number) => deliver(1, { ...header, lo }, numbers, 0, 3)
      push(100)
      push(101)
      assert.deepStrictEqual(yield* told, [])
      yield* TestClock.adjust(lingerMillis / 8)
      assert.deepStrictEqual(yield* told, [[[100, [10]], [101, [10]]]])
      push(102)
      yield* TestClock.adjust(lingerMillis - 1)
      push(103)
      assert.deepStrictEqual(yield* told, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* told, [[[102, [10]], [103, [10]]]])
    }))
})
