import { assert, describe, it } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import { kinds } from "@rookery/domain/Notification"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AccountStore, type AccountRow } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { GossipStore } from "../src/GossipStore.ts"
import { ModerationStore } from "../src/ModerationStore.ts"
import { NotificationStore } from "../src/NotificationStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import ends from "../src/postgres/migrations/0030_ends.ts"
import { PostStore } from "../src/PostStore.ts"
import * as World from "./gossipWorld.ts"

const { account, apply, flow, follow, post, relate, relation, seen, take, world } = World

/** Bob in the south, Ann in the north, and each as the other's datacenter has them. */
const pair = (locked = false) =>
  Effect.gen(function*() {
    const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
    const ann = yield* account(north, "ann")
    const bob = yield* account(south, "bob")
    if (locked) yield* north.run(Effect.flatMap(AccountStore, (accounts) => accounts.update(ann.id, { locked: true })))
    yield* flow([north, south])
    return { north, south, ann, bob, farAnn: yield* seen(south, ann), farBob: yield* seen(north, bob) }
  })

const noticesOf = ({ run }: World.Datacenter, { id }: AccountRow) =>
  run(Effect.gen(function*() {
    const page = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 40 }
    const rows = yield* (yield* NotificationStore).page(id, { kinds, from: undefined, includeFiltered: true }, page)
    return rows.map((row) => row.kind)
  }))

/** A block as it was made before the migration that ends what it should have ended. */
const blockOnly = ({ run }: World.Datacenter, by: AccountRow, other: AccountRow) =>
  run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(Effect.andThen(
      sql`SET LOCAL rookery.quiet = 'on'`,
      sql`INSERT INTO blocks (account, target, account_no, target_no) VALUES (${by.id}, ${other.id}, ${by.no}, ${other.no})`
    ))))

/** Said at the terminal. */
const act = { by: null, reason: "" }

const numbers = (row: AccountRow) => [row.followers, row.following]

const like = ({ run }: World.Datacenter, who: AccountRow, id: PostId, liked: boolean) =>
  run(Effect.flatMap(PostStore, (posts) => posts.setLikes([{ postId: id, account: who.id, liked }])))

describe("gossip of edges", () => {
  it.live("a follow stands at once where the follower lives, and is told to the followee's home with its counters and notice", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, farAnn, farBob, north, south } = yield* pair()
      assert.strictEqual((yield* follow(south, bob, farAnn))._tag, "Changed")
      assert.isTrue((yield* relation(south, bob, farAnn)).following)
      yield* flow([north, south])
      assert.isTrue((yield* relation(north, ann, farBob)).followedBy)
      assert.deepStrictEqual(yield* noticesOf(north, ann), ["follow"])
      for (const at of [north, south]) {
        assert.deepStrictEqual([numbers(yield* seen(at, ann)), numbers(yield* seen(at, bob))], [[1, 0], [0, 1]])
      }
      yield* follow(south, bob, farAnn, false)
      yield* flow([north, south])
      assert.isFalse((yield* relation(north, ann, farBob)).followedBy)
      assert.deepStrictEqual(yield* noticesOf(north, ann), [])
      for (const at of [north, south]) {
        assert.deepStrictEqual([numbers(yield* seen(at, ann)), numbers(yield* seen(at, bob))], [[0, 0], [0, 0]])
      }
    })))

  it.live("a locked account is asked; its answer makes the follow, or ends the request, at the follower's home", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, farAnn, farBob, north, south } = yield* pair(true)
      assert.strictEqual((yield* follow(south, bob, farAnn))._tag, "Requested")
      yield* flow([north, south])
      assert.deepInclude(yield* relation(north, ann, farBob), { requestedBy: true, followedBy: false })
      assert.deepStrictEqual(yield* noticesOf(north, ann), ["follow_request"])
      assert.strictEqual((yield* relate(north, ann, farBob, { _tag: "Answer", accepted: false }))._tag, "Changed")
      yield* flow([north, south])
      assert.deepInclude(yield* relation(south, bob, farAnn), { requested: false, following: false })
      yield* follow(south, bob, farAnn)
      yield* flow([north, south])
      yield* south.run(Effect.flatMap(OutboxStore, (outbox) => outbox.claim(500, 60_000)))
      assert.strictEqual((yield* relate(north, ann, farBob, { _tag: "Answer", accepted: true }))._tag, "Changed")
      yield* flow([north, south])
      assert.deepInclude(yield* relation(south, bob, farAnn), { requested: false, following: true })
      assert.deepInclude(yield* relation(north, ann, farBob), { requestedBy: false, followedBy: true })
      const tasks = yield* south.run(Effect.flatMap(OutboxStore, (outbox) => outbox.claim(500, 60_000)))
      const [edge, windows] = ["Edge", "Relation"].map((tag) => tasks.find(({ task }) => task._tag === tag)?.task)
      assert.isTrue(edge?._tag === "Edge" && edge.edge.active && edge.edge.followee === ann.id)
      assert.isTrue(windows?._tag === "Relation" && windows.windows[0]!.reader === bob.id && windows.windows[0]!.following)
      yield* relate(north, ann, farBob, { _tag: "RemoveFollower" })
      yield* flow([north, south])
      assert.deepInclude(yield* relation(south, bob, farAnn), { requested: false, following: false })
      assert.deepStrictEqual(numbers(yield* seen(south, bob)), [0, 0])
    })))

  it.live("a follow of somebody who locked meanwhile becomes a request, and taking it back ends that", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, farAnn, farBob, north, south } = yield* pair()
      yield* north.run(Effect.flatMap(AccountStore, (accounts) => accounts.update(ann.id, { locked: true })))
      assert.strictEqual((yield* follow(south, bob, farAnn))._tag, "Changed")
      yield* flow([north, south])
      assert.deepInclude(yield* relation(south, bob, farAnn), { requested: true, following: false })
      assert.deepInclude(yield* relation(north, ann, farBob), { requestedBy: true, followedBy: false })
      yield* follow(south, bob, farAnn, false)
      yield* flow([north, south])
      assert.deepInclude(yield* relation(north, ann, farBob), { requestedBy: false, followedBy: false })
      assert.deepStrictEqual(yield* noticesOf(north, ann), [])
    })))

  it.live("a block ends the follows of both directions in both datacenters, and one that was on its way", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, farAnn, farBob, north, south } = yield* pair()
      yield* follow(south, bob, farAnn)
      yield* follow(north, ann, farBob)
      yield* flow([north, south])
      yield* relate(north, ann, farBob, { _tag: "Block", blocked: true })
      yield* flow([north, south])
      assert.deepInclude(yield* relation(south, bob, farAnn), { blockedBy: true, following: false, followedBy: false })
      assert.strictEqual((yield* follow(south, bob, farAnn))._tag, "Blocked")
      yield* relate(north, ann, farBob, { _tag: "Block", blocked: false })
      yield* flow([north, south])
      assert.deepInclude(yield* relation(south, bob, farAnn), { blockedBy: false, following: false, followedBy: false })
      yield* follow(south, bob, farAnn)
      yield* relate(north, ann, farBob, { _tag: "Block", blocked: true })
      yield* flow([south, north])
      yield* relate(north, ann, farBob, { _tag: "Block", blocked: false })
      yield* flow([south, north])
      assert.deepInclude(yield* relation(south, bob, farAnn), { blockedBy: false, following: false })
      assert.deepInclude(yield* relation(north, ann, farBob), { blocking: false, followedBy: false })
      for (const at of [north, south]) {
        assert.deepStrictEqual([numbers(yield* seen(at, ann)), numbers(yield* seen(at, bob))], [[0, 0], [0, 0]])
      }
    })))

  for (const made of ["now", "before the migration"] as const) {
    it.live(`a block made ${made} ends a request that a block of the other, over already, still hid`, () =>
      Effect.scoped(Effect.gen(function*() {
        const { ann, bob, farAnn, farBob, north, south } = yield* pair(true)
        yield* relate(south, bob, farAnn, { _tag: "Block", blocked: true })
        yield* flow([north, south])
        yield* relate(south, bob, farAnn, { _tag: "Block", blocked: false })
        assert.strictEqual((yield* follow(south, bob, farAnn))._tag, "Requested")
        const facts = (yield* take(south)).map(({ fact }) => fact)
        yield* apply(north, 1, facts.filter((fact) => fact._tag === "Follow"))
        if (made === "now") yield* relate(north, ann, farBob, { _tag: "Block", blocked: true })
        else yield* Effect.andThen(blockOnly(north, ann, farBob), north.run(ends))
        yield* relate(north, ann, farBob, { _tag: "Block", blocked: false })
        yield* apply(north, 1, facts)
        yield* flow([north, south])
        assert.deepInclude(yield* relation(south, bob, farAnn), { requested: false, following: false })
        assert.deepInclude(yield* relation(north, ann, farBob), { requestedBy: false, followedBy: false })
      })))
  }

  it.live("who blocks somebody no longer follows them, also when a block of theirs hid the follow", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, farAnn, farBob, north, south } = yield* pair()
      yield* follow(south, bob, farAnn)
      yield* relate(north, ann, farBob, { _tag: "Block", blocked: true })
      yield* apply(south, 0, (yield* take(north)).map(({ fact }) => fact))
      yield* relate(south, bob, farAnn, { _tag: "Block", blocked: true })
      yield* relate(south, bob, farAnn, { _tag: "Block", blocked: false })
      yield* relate(north, ann, farBob, { _tag: "Block", blocked: false })
      yield* flow([south, north])
      assert.deepInclude(yield* relation(south, bob, farAnn), { blockedBy: false, following: false })
      assert.deepInclude(yield* relation(north, ann, farBob), { blocking: false, followedBy: false })
    })))

  it.live("likes of a post of elsewhere are counted once everywhere and told to its author", () =>
    Effect.scoped(Effect.gen(function*() {
      const all = yield* world(3)
      const [north, south, west] = all as [World.Datacenter, World.Datacenter, World.Datacenter]
      const ann = yield* account(north, "ann")
      const bob = yield* account(south, "bob")
      const cat = yield* account(west, "cat")
      const root = yield* post(north, ann)
      yield* flow(all)
      yield* like(south, bob, root.id, true)
      yield* like(west, cat, root.id, true)
      yield* like(north, ann, root.id, true)
      yield* flow(all)
      const likesAt = ({ run }: World.Datacenter) =>
        run(Effect.map(Effect.flatMap(PostStore, (posts) => posts.byIds([root.id])), ([found]) => found?.likes))
      assert.deepStrictEqual(yield* Effect.all(all.map(likesAt)), [3, 3, 3])
      assert.deepStrictEqual(yield* noticesOf(north, ann), ["favourite", "favourite"])
      yield* like(south, bob, root.id, false)
      yield* flow(all)
      assert.deepStrictEqual(yield* Effect.all(all.map(likesAt)), [2, 2, 2])
      assert.deepStrictEqual(yield* noticesOf(north, ann), ["favourite"])
    })))

  it.live("suspension hides, and deletion ends, an account in every datacenter; a name that was held meanwhile is taken up", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, farAnn, north, south } = yield* pair()
      yield* follow(south, bob, farAnn)
      yield* post(north, ann)
      yield* flow([north, south])
      yield* north.run(Effect.flatMap(ModerationStore, (moderation) => moderation.setSuspended(ann.id, true, act)))
      yield* flow([north, south])
      assert.isNumber((yield* seen(south, ann)).disabledAt)
      yield* north.run(Effect.flatMap(ModerationStore, (moderation) => moderation.setSuspended(ann.id, false, act)))
      yield* flow([north, south])
      assert.isNull((yield* seen(south, ann)).disabledAt)
      assert.isFalse(yield* south.run(Effect.flatMap(AccountStore, (accounts) => accounts.remove(ann.id))))
      assert.isTrue(yield* north.run(Effect.flatMap(AccountStore, (accounts) => accounts.remove(ann.id))))
      const told = (yield* take(north)).map(({ fact }) => fact)
      const again = yield* account(north, "ann")
      yield* apply(south, 0, (yield* take(north)).map(({ fact }) => fact))
      const named = south.run(Effect.map(Effect.flatMap(AccountStore, (accounts) => accounts.byUsername("Ann")), (row) => row?.id))
      assert.strictEqual(yield* named, ann.id)
      yield* apply(south, 0, told)
      assert.strictEqual(yield* named, again.id)
      assert.deepStrictEqual(numbers(yield* seen(south, bob)), [0, 0])
      const left = yield* south.run(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        return yield* sql`SELECT 1 FROM posts WHERE author = ${ann.id} AND deleted_at IS NULL`
      }))
      assert.deepStrictEqual(left, [])
    })))

  it.live("a local crowd decides the mode of a far author, and its own home's numbers are shown", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, farAnn, farBob, north, south } = yield* pair()
      yield* follow(south, bob, farAnn)
      const cat = yield* account(south, "cat")
      yield* follow(south, cat, farAnn)
      const dan = yield* account(north, "dan")
      yield* follow(north, dan, ann)
      yield* follow(north, ann, farBob)
      yield* flow([north, south])
      const local = (at: World.Datacenter) => at.run(Effect.flatMap(AuthorStore, (authors) => authors.load(ann.id)))
      assert.deepStrictEqual([(yield* local(north))?.followers, (yield* local(south))?.followers], [1, 2])
      for (const at of [north, south]) assert.deepStrictEqual(numbers(yield* seen(at, ann)), [3, 1])
      const totals = yield* south.run(Effect.flatMap(AccountStore, (accounts) => accounts.totals))
      assert.strictEqual(totals.accounts, 2)
      assert.strictEqual((yield* south.run(Effect.flatMap(GossipStore, (gossip) => gossip.backlog))).rows, 0)
    })))
})
