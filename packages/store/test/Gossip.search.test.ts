import { assert, describe, it } from "@effect/vitest"
import * as Content from "@rookery/domain/Content"
import type { PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { AccountRow } from "../src/AccountStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { SearchStore } from "../src/SearchStore.ts"
import { comesTo, findAll } from "./discovery.ts"
import * as World from "./gossipWorld.ts"

const { account, flow, follow, post, world } = World

const edit = ({ run }: World.Datacenter, id: PostId, text: string) =>
  run(Effect.gen(function*() {
    const posts = yield* PostStore
    const [known] = yield* posts.byIds([id])
    yield* posts.edit(id, known!.version, { text, spoiler: "", sensitive: false, language: null })
  }))

const wanted = ({ run }: World.Datacenter) =>
  run(Effect.map(Effect.flatMap(SearchStore, (search) => search.wanted(0, 0n, 100)), (hits) => hits.map(({ id }) => id)))

/** What the owner says of its posts. */
const contentsOf = ({ run }: World.Datacenter, ids: ReadonlyArray<PostId>) =>
  run(Effect.map(Effect.flatMap(PostStore, (posts) => posts.byIds(ids)), (found) => found.map(Content.ofPost)))

const learn = ({ run }: World.Datacenter, told: ReadonlyArray<Content.Content>, unknown: ReadonlyArray<PostId> = []) =>
  run(Effect.flatMap(SearchStore, (search) => search.learn(told, unknown)))

const found = (viewer: AccountRow, text: string) => findAll(viewer.id, text)

const tagsOf = ({ run }: World.Datacenter, prefix: string) => run(Effect.flatMap(SearchStore, (search) => search.tags(prefix, 10)))

describe("search of posts of another datacenter", () => {
  it.live("has their words once these were fetched, those of the newest text only, and none of what ended", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      const ann = yield* account(north, "ann")
      const bob = yield* account(south, "bob")
      yield* flow([north, south])
      const [first, second] = [yield* post(north, ann, { text: "the rook #flies" }), yield* post(north, ann, { text: "a rook rests" })]
      yield* flow([north, south])
      // By its marks a post is found from the start.
      yield* south.run(comesTo(found(bob, "#flies"), [first.id]))
      assert.deepStrictEqual([yield* wanted(south), yield* south.run(found(bob, "rook"))], [[second.id, first.id], []])
      assert.strictEqual(yield* learn(south, yield* contentsOf(north, [first.id, second.id])), 2)
      assert.deepStrictEqual([yield* wanted(south), yield* south.run(found(bob, "rook"))], [[], [second.id, first.id]])
      assert.deepStrictEqual([yield* south.run(found(bob, "#flies")), yield* tagsOf(south, "fl")], [[first.id], ["flies"]])

      const before = yield* contentsOf(north, [first.id])
      yield* edit(north, first.id, "the crow #walks")
      yield* flow([north, south])
      yield* south.run(comesTo(found(bob, "#walks"), [first.id]))
      assert.deepStrictEqual([yield* wanted(south), yield* south.run(found(bob, "rook"))], [[first.id], [second.id]])
      assert.strictEqual(yield* learn(south, before), 0)
      assert.strictEqual(yield* learn(south, yield* contentsOf(north, [first.id])), 1)
      assert.deepStrictEqual(yield* south.run(found(bob, "crow")), [first.id])
      assert.deepStrictEqual([yield* tagsOf(south, "fl"), yield* tagsOf(south, "wa")], [[], ["walks"]])

      const late = yield* contentsOf(north, [first.id])
      yield* north.run(Effect.flatMap(PostStore, (posts) => posts.remove(first.id)))
      yield* flow([north, south])
      yield* south.run(comesTo(found(bob, "crow"), []))
      assert.strictEqual(yield* learn(south, late), 0)
      assert.deepStrictEqual([yield* south.run(found(bob, "crow")), yield* tagsOf(south, "wa")], [[], []])
    })), 60_000)

  it.live("has a post that was announced long after it was made, of somebody whom nobody here follows", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      const ann = yield* account(north, "ann")
      const bob = yield* account(south, "bob")
      yield* flow([north, south])
      const young = yield* post(north, ann, { text: "a #rook of today" })
      yield* flow([north, south])
      // The index has come to the present.
      yield* south.run(comesTo(found(bob, "#rook"), [young.id]))
      const late = yield* post(north, ann, { text: "a #rook of an hour ago" }, World.idOf(0, Date.now() - 3_600_000) as PostId)
      yield* flow([north, south])
      yield* south.run(comesTo(found(bob, "#rook"), [young.id, late.id]))
      assert.sameMembers(yield* wanted(south), [young.id, late.id])
    })), 60_000)

  it.live("asks for what somebody here may find, and not again for what its owner does not have", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = (yield* world(2)) as [World.Datacenter, World.Datacenter]
      const [ann, cat] = [yield* account(north, "ann"), yield* account(north, "cat")]
      const [bob, dan] = [yield* account(south, "bob"), yield* account(south, "dan")]
      yield* flow([north, south])
      yield* follow(south, bob, yield* World.seen(south, ann))
      yield* flow([north, south])
      const read = yield* post(north, ann, { text: "for followers", visibility: "private" })
      yield* post(north, cat, { text: "for nobody here", visibility: "private" })
      const named = yield* post(north, cat, { text: "@dan hello", mentions: ["dan"], visibility: "direct" })
      yield* flow([north, south])
      yield* south.run(comesTo(Effect.map(Effect.flatMap(SearchStore, (search) => search.wanted(0, 0n, 100)), (hits) => hits.map(({ id }) => id)), [named.id, read.id]))
      yield* learn(south, yield* contentsOf(north, [read.id, named.id]))
      assert.deepStrictEqual(yield* south.run(found(bob, "followers")), [read.id])
      assert.deepStrictEqual(yield* south.run(found(dan, "followers")), [])
      assert.deepStrictEqual([yield* south.run(found(bob, "hello")), yield* south.run(found(dan, "hello"))], [[], [named.id]])
      const open = yield* post(north, cat, { text: "open" })
      yield* flow([north, south])
      yield* south.run(comesTo(Effect.map(Effect.flatMap(SearchStore, (search) => search.wanted(0, 0n, 100)), (hits) => hits.map(({ id }) => id)), [open.id]))
      assert.strictEqual(yield* learn(south, [], [open.id]), 0)
      assert.deepStrictEqual(yield* wanted(south), [])
    })), 60_000)
})
