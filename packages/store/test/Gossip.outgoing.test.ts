import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { gossipKinds, type GossipKind, type GossipRange, GossipStore } from "../src/GossipStore.ts"
import { PostStore } from "../src/PostStore.ts"
import * as World from "./gossipWorld.ts"

const { account, apply, flow, follow, post, relate, seen, take, world } = World

const idMax = 9_223_372_036_854_775_807n

const gossip = Effect.flatMap.bind(undefined, GossipStore) as <A, E, R>(
  use: (store: GossipStore["Service"]) => Effect.Effect<A, E, R>
) => Effect.Effect<A, E, R | GossipStore>

const rangeOf = (kind: GossipKind, origin: number, asker: number): GossipRange => {
  const byBucket = ["follows", "answers", "blocks", "likes"].includes(kind)
  return { kind, origin, asker, from: 0n, to: byBucket ? 65_536n : idMax, deletedAfter: 0 }
}

/** The kinds of which two datacenters do not hold the same of one of them. */
const differing = (origin: World.Datacenter, asker: World.Datacenter) =>
  Effect.filter(gossipKinds, (kind) =>
    Effect.gen(function*() {
      const range = rangeOf(kind, origin.number, asker.number)
      const [there, here] = yield* Effect.all([origin, asker].map(({ run }) => run(gossip((store) => store.digest(range, 1_000)))))
      return there!.count !== here!.count || there!.hash !== here!.hash
    }))

describe("gossip that goes out", () => {
  it.live("keeps its number until it is shipped, and holds one destination in order", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south, west] = (yield* world(3)) as [World.Datacenter, World.Datacenter, World.Datacenter]
      const ann = yield* account(north, "ann")
      yield* account(south, "bob")
      yield* account(west, "cat")
      yield* flow([north, south, west])
      yield* post(north, ann, { text: "@bob", mentions: ["bob"], visibility: "direct" })
      const ids = yield* World.postMany(north, ann, 3, 400)
      const claim = north.run(gossip((store) => store.claim(10_000, 100)))
      const first = yield* claim
      assert.deepStrictEqual(first.map((batch) => [batch.destination, batch.facts.length]), [[-1, 500], [-1, 500], [-1, 200], [1, 1]])
      assert.deepStrictEqual(first.slice(0, 3).flatMap((batch) => batch.facts.map((fact) => fact._tag === "Post" ? fact.id : 0n)), ids)
      yield* post(north, ann)
      const second = yield* claim
      assert.deepStrictEqual(second.slice(0, 4), first)
      assert.strictEqual(second.length, 5)
      yield* north.run(gossip((store) => store.shipped(first.map((batch) => batch.id))))
      assert.deepStrictEqual(yield* claim, second.slice(4))
      assert.strictEqual((yield* north.run(gossip((store) => store.backlog))).rows, 1)
    })), 60_000)

  it.live("tells of numbers as they are, however often they changed, and not of those of others", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      const people = yield* Effect.forEach(Array.from({ length: 8 }), (_, i) => account(south, `fan${i}`))
      const ann = yield* account(north, "ann")
      const root = yield* post(north, ann)
      yield* flow([north, south])
      const like = (who: (typeof people)[number], liked: boolean) =>
        south.run(Effect.flatMap(PostStore, (posts) => posts.setLikes([{ postId: root.id, account: who.id, liked }])))
      const telling = south.run(gossip((store) => store.tellCounts(100)))
      const storm = people.flatMap((who) => [like(who, true), like(who, false), like(who, true), telling])
      yield* Effect.all(storm, { concurrency: 8 })
      const counts = (yield* take(south)).flatMap(({ fact }) => fact._tag === "Counts" ? [fact] : [])
      const versions = counts.map((fact) => fact.version)
      assert.deepStrictEqual(versions, versions.toSorted((a, b) => a - b))
      const standing = yield* south.run(Effect.flatMap(PostStore, (posts) => posts.byIds([root.id])))
      assert.strictEqual(counts.at(-1)?.likes, standing[0]?.likes)
      for (const fact of counts.toReversed()) yield* apply(north, 1, [fact])
      assert.strictEqual((yield* north.run(Effect.flatMap(PostStore, (posts) => posts.byIds([root.id]))))[0]?.likes, standing[0]?.likes)
      assert.deepStrictEqual((yield* take(north)).filter(({ fact }) => fact._tag === "Counts"), [])
    })), 60_000)

  it.live("a datacenter that lost everything it was told is repaired from digests, ranges and the owner's word", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      const [ann, cat] = [yield* account(north, "ann"), yield* account(north, "cat")]
      const bob = yield* account(south, "bob")
      yield* flow([north, south])
      const [farAnn, farBob] = [yield* seen(south, ann), yield* seen(north, bob)]
      const root = yield* post(south, bob)
      yield* flow([north, south])
      yield* follow(north, ann, farBob)
      yield* follow(south, bob, farAnn)
      yield* relate(north, cat, farBob, { _tag: "Block", blocked: true })
      yield* north.run(Effect.flatMap(PostStore, (posts) => posts.setLikes([{ postId: root.id, account: ann.id, liked: true }])))
      const gone = yield* post(north, ann)
      yield* post(north, ann, { text: "@bob", mentions: ["bob"], visibility: "direct" })
      yield* north.run(Effect.flatMap(PostStore, (posts) => posts.remove(gone.id)))
      // What the north tells is lost; what the south tells is not.
      for (let i = 0; i < 3; i++) {
        yield* apply(north, 1, (yield* take(south)).map(({ fact }) => fact))
        yield* take(north)
      }
      const lacking = yield* differing(north, south)
      assert.sameMembers([...lacking], ["posts", "direct", "counts", "accountCounts", "follows", "answers", "blocks", "likes"])
      for (const kind of lacking) {
        const facts = yield* north.run(gossip((store) => store.facts(rangeOf(kind, 0, 1), 1_000)))
        yield* apply(south, 0, facts)
      }
      yield* flow([south, north])
      assert.deepStrictEqual(yield* differing(north, south), [])
      assert.deepStrictEqual(yield* differing(south, north), [])
    })), 60_000)

  it.live("a digest looks at so many rows, anybody's, and says when there were more", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      const [ann, bob] = [yield* account(north, "ann"), yield* account(south, "bob")]
      for (let i = 0; i < 4; i++) yield* post(north, ann)
      yield* post(south, bob)
      yield* flow([north, south])
      const digest = (rowsMax: number) => south.run(gossip((store) => store.digest(rangeOf("posts", 0, 1), rowsMax)))
      const whole = yield* digest(5)
      assert.deepInclude(whole, { count: 4, isWhole: true })
      assert.deepStrictEqual(yield* digest(1_000), whole)
      assert.isFalse((yield* digest(4)).isWhole)
      assert.deepInclude(yield* south.run(gossip((store) => store.digest(rangeOf("direct", 0, 1), 0))), { count: 0, isWhole: true })
    })), 60_000)

  it.live("a post whose end nobody remembers is found as one too many, and ended by the owner's word", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      const ann = yield* account(north, "ann")
      const { id } = yield* post(north, ann)
      yield* flow([north, south])
      yield* north.run(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`DELETE FROM posts WHERE id = ${id}`))
      const range = rangeOf("posts", 0, 1)
      assert.deepStrictEqual(yield* differing(north, south), ["posts"])
      const keys = yield* south.run(gossip((store) => store.keys(range, 10)))
      assert.deepStrictEqual(keys, [{ key: id, other: 0n }])
      assert.deepStrictEqual(yield* north.run(gossip((store) => store.facts(range, 10))), [])
      yield* apply(south, 0, yield* north.run(gossip((store) => store.postsOf([id], 1))))
      assert.deepStrictEqual(yield* south.run(Effect.flatMap(PostStore, (posts) => posts.byIds([id]))), [])
    })))

  it.live("messages that were refused are kept, the latest of them, and cut to a bound", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      yield* north.run(gossip((store) =>
        Effect.gen(function*() {
          for (let i = 0; i < 1_003; i++) yield* store.refuse("south", "malformed", Uint8Array.from([i & 255]))
          yield* store.refuse("nobody\u0000", "datacenter", new Uint8Array(100_000))
          const kept = yield* store.refused(2_000)
          assert.strictEqual(kept.length, 1_000)
          assert.deepInclude(kept[0], { origin: "nobody", reason: "datacenter" })
          assert.strictEqual(kept[0]!.data.length, 65_536)
        })
      ))
    })), 60_000)

  it.live("a database does not let a datacenter become another", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      yield* north.run(gossip((store) => store.enable))
      const error = yield* Effect.flip(north.run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
        sql`SELECT gossip_enable(ARRAY['south', 'north'], 0::smallint, array_fill(-1::smallint, ARRAY[1024]))`)))
      assert.include(String(error.reason.cause), "knows datacenter")
    })))
})
