/** The actors of one runner over the real database: what blocks, mutes and answers do to windows and open feeds. */
import { assert, describe, inject, it } from "@effect/vitest"
import type { PostDraft } from "@rookery/domain/Post"
import { AccountId } from "@rookery/domain/Ids"
import type { Settings } from "@rookery/entities/Settings"
import { Author } from "@rookery/protocol/Author"
import * as EventBatch from "@rookery/protocol/EventBatch"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Session } from "@rookery/protocol/Session"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { TimelineShard } from "@rookery/protocol/TimelineShard"
import { UserTimeline } from "@rookery/protocol/UserTimeline"
import { AccountStore } from "@rookery/store/AccountStore"
import { IdSource } from "@rookery/store/IdSource"
import { OutboxStore } from "@rookery/store/OutboxStore"
import { SnapshotStore } from "@rookery/store/SnapshotStore"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect, Layer, Schedule, Stream } from "effect"

const noSnapshots = Layer.succeed(SnapshotStore, {
  saveWindows: () => Effect.void,
  loadWindow: () => Effect.succeed(undefined),
  dropWindow: () => Effect.void,
  saveRing: () => Effect.void,
  loadRing: () => Effect.succeed(undefined),
  ping: Effect.void
})

const draft: PostDraft = {
  text: "hello",
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: null,
  replyTo: null,
  repostOf: null
}

/** What happens within 10 s; the last answer is in the failure. */
const soon = <A, E>(ask: Effect.Effect<A, E>, isThere: (answer: A) => boolean) =>
  ask.pipe(
    Effect.repeat({ until: isThere, schedule: Schedule.spaced("20 millis"), times: 500 }),
    Effect.tap((answer) => Effect.sync(() => assert.isTrue(isThere(answer), JSON.stringify(answer, (_, value) => String(value)))))
  )

const makeClients = Effect.gen(function*() {
  const accounts = yield* AccountStore
  const ids = yield* IdSource
  const directory = yield* ShardDirectory.make
  const author = yield* Author.client
  const reader = yield* UserTimeline.client
  const shards = yield* TimelineShard.client
  const sessions = yield* Session.client
  const outbox = yield* OutboxStore
  let keys = 0

  const signUp = Effect.fnUntraced(function*(username: string) {
    const id = AccountId.make(yield* ids.mint)
    const shard = directory.shardOf(String(id))
    const created = yield* accounts.create({ id, shard, username, email: null, passwordHash: null, admin: false })
    return typeof created === "string" ? yield* Effect.die(new Error(`${created} is taken`)) : created
  })
  type Person = Effect.Success<ReturnType<typeof signUp>>

  const publish = (by: Person) => author(String(by.id)).Publish({ requestKey: `key-${keys++}`, draft })
  const follow = (by: Person, other: Person, following = true) =>
    reader(String(by.id)).SetFollow({ followee: other.id, following })
  const block = (by: Person, other: Person, blocked = true) => reader(String(by.id)).SetBlock({ other: other.id, blocked })
  const mute = (by: Person, other: Person, muted = true, millis: number | null = null) =>
    reader(String(by.id)).SetMute({ other: other.id, muted, notifications: true, millis })
  const answer = (by: Person, follower: Person, accepted: boolean) =>
    reader(String(by.id)).AnswerFollow({ follower: follower.id, accepted })
  const removeFollower = (by: Person, follower: Person) => reader(String(by.id)).RemoveFollower({ follower: follower.id })
  const lock = (person: Person) => accounts.update(person.id, { locked: true })
  const home = (by: Person, limit = 40) =>
    shards(directory.timelineShardId(by.shard)).Read({
      requests: PageBatch.encodeRequests([
        { readerNo: by.no, reader: by.id, maxId: undefined, sinceId: 0n, minId: 0n, limit }
      ])
    }).pipe(Effect.map((bytes) => PageBatch.decodeAnswers(bytes)[0]!.entries.map((entry) => entry.id)))
  const quiet = soon(outbox.backlog, (backlog) => backlog.rows === 0)

  /** Opens the feed of a front for one person; answers the posts that the person has been told of so far. */
  const listen = (by: Person) =>
    Effect.gen(function*() {
      const heard: Array<bigint> = []
      const feed = shards(directory.timelineShardId(by.shard)).Events({ front: `front-${by.no}` })
      yield* Effect.forkScoped(Stream.runForEach(feed, (chunk) =>
        Effect.sync(() => {
          for (const event of EventBatch.decode(chunk)) if (event.kind === EventBatch.kinds.update) heard.push(event.postId)
        })))
      const connect = sessions(String(by.id)).Connect({ accountNo: by.no, front: `front-${by.no}` })
      yield* Effect.retry(connect, { schedule: Schedule.spaced("20 millis"), times: 200 })
      return heard
    })
  return { signUp, publish, follow, block, mute, answer, removeFollower, lock, home, quiet, listen, author }
})

type Clients = Effect.Success<typeof makeClients>

const withWorld = <A, E>(settings: Partial<Settings>, use: (clients: Clients) => Effect.Effect<A, E, never>) =>
  Effect.scoped(Effect.gen(function*() {
    const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
    yield* Effect.flatMap(makeClients, use).pipe(
      Effect.provide(TestCluster.layer({ databaseUrl, snapshots: noSnapshots, settings }))
    )
  }))

describe("blocks and mutes at the actors", () => {
  it.live("a block takes both out of each other's windows at once, and neither can follow until it ends", () =>
    withWorld({}, ({ block, follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(ann, bob)
        yield* follow(bob, ann)
        const [mine, theirs] = [yield* publish(ann), yield* publish(bob)]
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [theirs.id, mine.id])
        assert.deepStrictEqual(yield* home(bob), [theirs.id, mine.id])
        yield* block(ann, bob)
        assert.deepStrictEqual(yield* home(ann), [mine.id])
        assert.deepStrictEqual(yield* home(bob), [theirs.id])
        assert.strictEqual((yield* Effect.flip(follow(bob, ann)))._tag, "Refused")
        assert.strictEqual((yield* Effect.flip(follow(ann, bob)))._tag, "Refused")
        yield* quiet
        yield* block(ann, bob, false)
        assert.deepStrictEqual(yield* home(bob), [theirs.id])
        yield* follow(bob, ann)
        assert.deepStrictEqual(yield* home(bob), [theirs.id, mine.id])
      })))

  it.live("a mute hides what was there and what comes, also to a window that is loaded anew; its end brings all back", () =>
    withWorld({ residentTimelinesMax: 2 }, ({ follow, home, mute, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        yield* follow(ann, bob)
        const first = yield* publish(bob)
        assert.deepStrictEqual(yield* home(ann), [first.id])
        yield* mute(ann, bob)
        assert.deepStrictEqual(yield* home(ann), [])
        const second = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [])
        // Others take its place in memory.
        for (const other of [bob, eve, yield* signUp("dan")]) yield* home(other)
        assert.deepStrictEqual(yield* home(ann), [])
        yield* mute(ann, bob, false)
        assert.deepStrictEqual(yield* home(ann), [second.id, first.id])
      })))

  it.live("a mute for a while ends by itself", () =>
    withWorld({}, ({ follow, home, mute, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(ann, bob)
        const post = yield* publish(bob)
        yield* home(ann)
        yield* mute(ann, bob, true, 4_000)
        const second = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [])
        yield* soon(home(ann), (ids) => ids.length === 2 && ids[0] === second.id && ids[1] === post.id)
      })))

  it.live("who listens while a mute ends hears of that person again, without a read", () =>
    withWorld({}, ({ follow, listen, mute, publish, quiet, signUp }) =>
      Effect.scoped(Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(ann, bob)
        const heard = yield* listen(ann)
        const first = yield* publish(bob)
        yield* soon(Effect.sync(() => [...heard]), (ids) => ids.length === 1)
        yield* mute(ann, bob, true, 3_000)
        const during = yield* publish(bob)
        yield* quiet
        yield* soon(Effect.andThen(Effect.suspend(() => publish(bob)), Effect.sync(() => [...heard])), (ids) => ids.length > 1)
        assert.strictEqual(heard[0], first.id)
        assert.notInclude(heard, during.id)
      }))))

  it.live("a pulled author who is muted is not merged in, and is again once unmuted", () =>
    withWorld({ threshold: { promoteAt: 2, demoteShare: 0.5 } }, ({ author, follow, home, mute, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        yield* follow(ann, bob)
        yield* follow(eve, bob)
        yield* soon(Effect.map(author(String(bob.id)).Describe(), ({ mode }) => mode.mode), (mode) => mode === "pull")
        const first = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [first.id])
        yield* mute(ann, bob)
        assert.deepStrictEqual(yield* home(ann), [])
        const second = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [])
        assert.deepStrictEqual(yield* home(eve), [second.id, first.id])
        yield* mute(ann, bob, false)
        assert.deepStrictEqual(yield* home(ann), [second.id, first.id])
      })))

  it.live("an open feed goes silent for the blocked and the muted, of pushed and pulled authors, and speaks again", () =>
    withWorld({ threshold: { promoteAt: 3, demoteShare: 0.5 } }, ({ author, block, follow, listen, mute, publish, quiet, signUp }) =>
      Effect.scoped(Effect.gen(function*() {
        const [ann, bob, star, eve, fay] = [
          yield* signUp("ann"), yield* signUp("bob"), yield* signUp("star"), yield* signUp("eve"), yield* signUp("fay")
        ]
        for (const fan of [ann, eve, fay]) yield* follow(fan, star)
        yield* follow(ann, bob)
        yield* follow(ann, eve)
        yield* soon(Effect.map(author(String(star.id)).Describe(), ({ mode }) => mode.mode), (mode) => mode === "pull")
        const heard = yield* listen(ann)
        const before = [yield* publish(bob), yield* publish(star), yield* publish(eve)]
        yield* soon(Effect.sync(() => [...heard]), (ids) => ids.length === 3)
        assert.sameMembers([...heard], before.map((post) => post.id as bigint))
        yield* mute(ann, star)
        yield* mute(ann, bob)
        yield* block(eve, ann)
        const during = [yield* publish(bob), yield* publish(star), yield* publish(eve)]
        yield* quiet
        yield* mute(ann, star, false)
        yield* mute(ann, bob, false)
        const after = [yield* publish(bob), yield* publish(star)]
        yield* soon(Effect.sync(() => [...heard]), (ids) => ids.length >= 5)
        assert.sameMembers([...heard], [...before, ...after].map((post) => post.id as bigint))
        assert.strictEqual(during.length, 3)
      }))))

  it.live("who asks a locked account sees its posts once accepted, and no more once removed", () =>
    withWorld({}, ({ answer, follow, home, lock, publish, quiet, removeFollower, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* lock(ann)
        const first = yield* publish(ann)
        yield* home(bob)
        yield* follow(bob, ann)
        assert.deepStrictEqual(yield* home(bob), [])
        assert.strictEqual((yield* Effect.flip(answer(bob, ann, true)))._tag, "NotFound")
        yield* answer(ann, bob, true)
        assert.deepStrictEqual(yield* home(bob), [first.id])
        yield* quiet
        const second = yield* publish(ann)
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [second.id, first.id])
        yield* removeFollower(ann, bob)
        assert.deepStrictEqual(yield* home(bob), [])
        yield* follow(bob, ann)
        yield* answer(ann, bob, false)
        assert.strictEqual((yield* Effect.flip(answer(ann, bob, true)))._tag, "NotFound")
        assert.deepStrictEqual(yield* home(bob), [])
      })))
})
