/** The actors of one runner over the real database: what a person sees of posts and follows. */
import { assert, describe, inject, it } from "@effect/vitest"
import { Bus } from "@rookery/bus/Bus"
import * as LocalSharding from "@rookery/cluster/layers/LocalSharding"
import { defaultKnobs } from "@rookery/cluster/layers/shardingKnobs"
import { type AccountId, AccountId as AccountIds } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import * as Entities from "@rookery/entities/Entities"
import type { Settings } from "@rookery/entities/Settings"
import { Author } from "@rookery/protocol/Author"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { PostOwner } from "@rookery/protocol/PostOwner"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { TimelineShard } from "@rookery/protocol/TimelineShard"
import { UserTimeline } from "@rookery/protocol/UserTimeline"
import { AccountStore } from "@rookery/store/AccountStore"
import { IdSource } from "@rookery/store/IdSource"
import * as LocalIds from "@rookery/store/memory/LocalIds"
import { OutboxStore } from "@rookery/store/OutboxStore"
import * as Client from "@rookery/store/postgres/client"
import * as Postgres from "@rookery/store/postgres/layer"
import { migrate } from "@rookery/store/postgres/migrate"
import { SnapshotStore } from "@rookery/store/SnapshotStore"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Effect, Layer, Redacted, Schedule, Stream } from "effect"

const migrated = (url: string) =>
  migrate.pipe(Effect.provide(Client.operatorLayer({ url: Redacted.make(url), applicationName: "test" })))

const silentBus = Layer.succeed(Bus, {
  publish: () => Effect.void,
  subscribe: () => Effect.succeed(Stream.never),
  ping: Effect.void
})

const noSnapshots = Layer.succeed(SnapshotStore, {
  saveWindows: () => Effect.void,
  loadWindow: () => Effect.succeed(undefined),
  dropWindow: () => Effect.void,
  saveRing: () => Effect.void,
  loadRing: () => Effect.succeed(undefined),
  ping: Effect.void
})

const world = (url: string, settings: Partial<Settings>) => {
  const stores = Postgres.layer.pipe(
    Layer.provide(Client.layer({ url: Redacted.make(url), maxConnections: 10, applicationName: "test" }))
  )
  return Entities.layer(settings).pipe(
    Layer.provideMerge(LocalSharding.layer(defaultKnobs)),
    Layer.provideMerge(Layer.mergeAll(stores, silentBus, noSnapshots, LocalIds.layer(7)))
  )
}

const draft = (text: string): PostDraft => ({
  text,
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: null,
  replyTo: null,
  repostOf: null
})

const makeClients = Effect.gen(function*() {
  const accounts = yield* AccountStore
  const ids = yield* IdSource
  const directory = yield* ShardDirectory.make
  const author = yield* Author.client
  const reader = yield* UserTimeline.client
  const owner = yield* PostOwner.client
  const shards = yield* TimelineShard.client
  const outbox = yield* OutboxStore
  let keys = 0

  const signUp = Effect.fnUntraced(function*(username: string) {
    const id = AccountIds.make(yield* ids.mint)
    const shard = directory.shardOf(String(id))
    const created = yield* accounts.create({ id, shard, username, email: null, passwordHash: null, admin: false })
    assert.isObject(created)
    return created as Exclude<typeof created, string>
  })
  type Person = Effect.Success<ReturnType<typeof signUp>>

  const publish = (by: Person, text: string) =>
    author(String(by.id)).Publish({ requestKey: `key-${keys++}`, draft: draft(text) })
  const follow = (by: Person, followee: AccountId, following = true) =>
    reader(String(by.id)).SetFollow({ followee, following })
  const home = (by: Person, limit = 40, maxId?: bigint) =>
    shards(directory.timelineShardId(by.shard)).Read({
      requests: PageBatch.encodeRequests([
        { readerNo: by.no, reader: by.id, maxId, sinceId: 0n, minId: 0n, limit }
      ])
    }).pipe(Effect.map((bytes) => PageBatch.decodeAnswers(bytes)[0]!.entries.map((entry) => entry.id)))
  const quiet = outbox.backlog.pipe(
    Effect.repeat({ until: (backlog) => backlog.rows === 0, schedule: Schedule.spaced("20 millis"), times: 500 }),
    Effect.map((backlog) => assert.strictEqual(backlog.rows, 0, "the outbox empties"))
  )
  return { signUp, publish, follow, home, quiet, author, owner }
})

const withWorld = <A, E>(
  settings: Partial<Settings>,
  use: (clients: Effect.Success<typeof makeClients>) => Effect.Effect<A, E, never>
) =>
  Effect.scoped(Effect.gen(function*() {
    const url = yield* TestDatabase.make({ serverUrl: inject("postgresUrl"), template: "rookery", migrate: migrated })
    yield* Effect.flatMap(makeClients, use).pipe(Effect.provide(world(url, settings)))
  }))

describe("the actors of one runner", () => {
  it.live("a post is in its author's timeline at once and in every follower's soon", () =>
    withWorld({}, ({ follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        yield* follow(bob, ann.id)
        assert.deepStrictEqual(yield* home(bob), [])
        assert.deepStrictEqual(yield* home(eve), [])
        const post = yield* publish(ann, "hello")
        assert.deepStrictEqual(yield* home(ann), [post.id])
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [post.id])
        assert.deepStrictEqual(yield* home(eve), [])
      })))

  it.live("a follow shows what was published before, an unfollow takes it out", () =>
    withWorld({}, ({ follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        const post = yield* publish(ann, "before")
        assert.deepStrictEqual(yield* home(bob), [])
        yield* follow(bob, ann.id)
        assert.deepStrictEqual(yield* home(bob), [post.id])
        yield* follow(bob, ann.id, false)
        assert.deepStrictEqual(yield* home(bob), [])
        yield* quiet
        yield* publish(ann, "after")
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [])
      })))

  it.live("a small window goes on into the database without a gap", () =>
    withWorld({ windowEntriesMax: 5, loadPostsPerAuthorMax: 3 }, ({ follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(bob, ann.id)
        const ids: Array<bigint> = []
        for (let i = 0; i < 12; i++) {
          ids.unshift((yield* publish(ann, `post ${i}`)).id)
          if (i === 6) yield* home(bob)
        }
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), ids)
        assert.deepStrictEqual(yield* home(bob, 4, ids[3]), ids.slice(4, 8))
      })))

  it.live("an author crosses the threshold and comes back, and nobody misses or doubles a post", () =>
    withWorld({ threshold: { promoteAt: 2, demoteShare: 0.7 } }, ({ author, follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        const modeOf = Effect.map(author(String(ann.id)).Describe(), ({ mode }) => mode.mode)
        const ids: Array<bigint> = []
        const post = Effect.gen(function*() {
          ids.unshift((yield* publish(ann, "again")).id)
        })
        yield* follow(bob, ann.id)
        yield* home(bob)
        yield* post
        yield* quiet
        yield* follow(eve, ann.id)
        yield* post
        yield* quiet
        yield* Effect.repeat(modeOf, { until: (mode) => mode === "pull", schedule: Schedule.spaced("20 millis"), times: 200 })
        yield* post
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), ids)
        assert.deepStrictEqual(yield* home(eve), ids)
        yield* follow(eve, ann.id, false)
        yield* Effect.repeat(modeOf, { until: (mode) => mode === "push", schedule: Schedule.spaced("20 millis"), times: 200 })
        yield* post
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), ids)
        assert.deepStrictEqual(yield* home(eve), [])
      })))

  it.live("a deleted post leaves every window", () =>
    withWorld({}, ({ follow, home, owner, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(bob, ann.id)
        yield* home(bob)
        const post = yield* publish(ann, "oops")
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [post.id])
        yield* owner(String(post.id)).Delete({ by: ann.id })
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [])
        const again = yield* Effect.flip(owner(String(post.id)).Delete({ by: ann.id }))
        assert.strictEqual(again._tag, "NotFound")
      })))
})
