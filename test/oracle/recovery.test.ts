import { assert, describe, it } from "@effect/vitest"
import { LocalNo, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { IdSource } from "@rookery/store/IdSource"
import { AuthorStore } from "@rookery/store/AuthorStore"
import { PostStore } from "@rookery/store/PostStore"
import * as Client from "@rookery/testkit/Client"
import { draft } from "@rookery/testkit/Drafts"
import * as SnapshotStoreMemory from "@rookery/store/memory/SnapshotStoreMemory"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { importPosts } from "@rookery/store/postgres/import"
import type { TimelineStore } from "@rookery/store/TimelineStore"
import { Effect, Layer } from "effect"
import { inject } from "vitest"
import { newest } from "./perform.ts"
import { quiesce } from "./verify.ts"
import * as World from "./world.ts"

/** What a runner leaves behind that was killed between the commit of a post and everything after it. */
const commitAlone = (author: World.Someone, requestKey: string, visibility: "public" | "direct", claimMillis = 1) =>
  Effect.gen(function*() {
    const { version } = (yield* (yield* AuthorStore).load(author.id))!
    const id = PostId.make(yield* (yield* IdSource).mint)
    const row = { id, author: author.id, version, requestKey, claimMillis }
    const [result] = yield* (yield* PostStore).publish([{ ...row, draft: draft("hello", { visibility }) }])
    assert.strictEqual(result?._tag, "Published")
    return id
  })

const withPeople = <E, R>(test: (world: World.World) => Effect.Effect<void, E, R>) =>
  Effect.gen(function*() {
    const cluster = TestCluster.layer({
      databaseUrl: yield* TestCluster.database(inject("postgresUrl")),
      snapshots,
      settings: { sweepMillis: 100, claimMillis: 1_000 }
    })
    const run = Effect.gen(function*() {
      const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 20_000 })
      yield* test(yield* World.make(client, "recovery", 2))
    })
    yield* Effect.provide(run, cluster)
  })

const snapshots = SnapshotStoreMemory.layer({ entriesMax: 10_000, ttlSeconds: 60 })

const homeOf = (world: World.World, reader: World.Someone) =>
  Effect.map(world.client.home(reader, newest(10)), (page) => page.map((post) => post.id))

describe("after a crash between a post's commit and its fan-out", () => {
  it.live("followers and the author find it in their windows", () =>
    withPeople((world) =>
      Effect.gen(function*() {
        const [author, follower] = world.people as [World.Someone, World.Someone]
        yield* world.client.setFollow(follower.id, author.id, true)
        for (const person of world.people) assert.deepStrictEqual(yield* homeOf(world, person), [])
        const id = yield* commitAlone(author, "key", "public")
        yield* quiesce(10_000)
        for (const person of world.people) assert.deepStrictEqual(yield* homeOf(world, person), [id])
      })))

  it.live("the author finds a direct post in the own window", () =>
    withPeople((world) =>
      Effect.gen(function*() {
        const [author] = world.people as [World.Someone]
        assert.deepStrictEqual(yield* homeOf(world, author), [])
        const id = yield* commitAlone(author, "key", "direct")
        yield* quiesce(10_000)
        assert.deepStrictEqual(yield* homeOf(world, author), [id])
      })))

  it.live("the author who asks again under the same key finds it at once", () =>
    withPeople((world) =>
      Effect.gen(function*() {
        const [author] = world.people as [World.Someone]
        assert.deepStrictEqual(yield* homeOf(world, author), [])
        const id = yield* commitAlone(author, "key", "public")
        const repeated = yield* world.client.publish(author.id, "key", draft("hello"))
        assert.strictEqual(repeated.id, id)
        assert.deepStrictEqual(yield* homeOf(world, author), [id])
      })))
})

describe("a runner that gets the shards of another", () => {
  it.live("takes up at once what that one had claimed", () =>
    Effect.gen(function*() {
      const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
      const cluster = TestCluster.layer({ databaseUrl, snapshots })
      const [world, id] = yield* Effect.gen(function*() {
        const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 20_000 })
        const made = yield* World.make(client, "inherit", 2)
        const [author, follower] = made.people as [World.Someone, World.Someone]
        yield* made.client.setFollow(follower.id, author.id, true)
        yield* quiesce(10_000)
        return [made, yield* commitAlone(author, "key", "public", 600_000)] as const
      }).pipe(Effect.provide(cluster, { local: true }))
      yield* Effect.gen(function*() {
        yield* quiesce(30_000)
        const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 20_000 })
        for (const person of world.people) assert.deepStrictEqual(yield* homeOf({ ...world, client }, person), [id])
      }).pipe(Effect.provide(cluster, { local: true }))
    }), 60_000)
})

/** Posts of a day ago: snapshots promise nothing of the last seconds. */
const importOldPosts = (author: World.Someone, count: number) =>
  Effect.gen(function*() {
    const from = Snowflake.floorAt(Date.now() - 86_400_000)
    const ids = Array.from({ length: count }, (_, n) => PostId.make(from + BigInt(n)))
    yield* importPosts(ids.map((id) => ({ id, author: author.id, authorNo: LocalNo.make(author.no), text: "old" })))
    return ids.toReversed()
  })

describe("a runner that is lost in the middle of a follow", () => {
  it.live("leaves no snapshot behind that lacks the followee's posts", () =>
    Effect.gen(function*() {
      const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
      const kept = yield* Layer.build(snapshots)
      const cluster = (timelines: (store: TimelineStore["Service"]) => TimelineStore["Service"]) =>
        TestCluster.layer({
          databaseUrl,
          snapshots: Layer.succeedContext(kept),
          settings: { snapshotMillis: 20, sweepMillis: 100, claimMillis: 500 },
          timelines
        })
      const slow = (store: TimelineStore["Service"]): TimelineStore["Service"] => ({
        ...store,
        newestOf: (authors, limit) => Effect.delay(store.newestOf(authors, limit), 60_000)
      })
      const [world, old] = yield* Effect.gen(function*() {
        const client = yield* Client.make({ attemptMillis: 400, patienceMillis: 1 })
        const made = yield* World.make(client, "lost", 2)
        const [reader, author] = made.people as [World.Someone, World.Someone]
        const ids = yield* importOldPosts(author, 3)
        assert.deepStrictEqual(yield* homeOf(made, reader), [])
        yield* Effect.exit(client.setFollow(reader.id, author.id, true))
        return [made, ids] as const
      }).pipe(Effect.provide(cluster(slow), { local: true }))
      yield* Effect.gen(function*() {
        const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 20_000 })
        const [reader] = world.people as [World.Someone]
        assert.deepStrictEqual(yield* homeOf({ ...world, client }, reader), old)
      }).pipe(Effect.provide(cluster((store) => store), { local: true }))
    }), 60_000)
})
