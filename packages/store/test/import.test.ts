import { assert, layer } from "@effect/vitest"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { AccountStore } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import * as Import from "../src/postgres/import.ts"
import { TimelineStore } from "../src/TimelineStore.ts"
import * as Database from "./database.ts"

layer(Database.layer, { excludeTestServices: true })("the importer's writes", (it) => {
  it.effect("creates accounts once and answers those that were there", () =>
    Effect.gen(function*() {
      const names = ["u1", "u2", "u3"]
      const wanted = (all: ReadonlyArray<string>) =>
        all.map((username) => ({ id: Database.newId() as AccountId, shard: 7, username }))
      const first = yield* Import.importAccounts(wanted(names))
      const second = yield* Import.importAccounts(wanted([...names, "u4"]))
      assert.deepStrictEqual(first.map((each) => each.username).sort(), names)
      assert.includeDeepMembers([...second], [...first])
      assert.strictEqual(second.length, 4)
    }))

  it.effect("makes edges with all counters, also beside edges that stand, and repeats are harmless", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const authors = yield* AuthorStore
      const [ann, bob, cleo] = yield* Database.people(3)
      yield* Database.follow(ann!, bob!)
      yield* Database.follow(cleo!, bob!)
      yield* Database.follow(cleo!, bob!, false)
      const edges = [[ann, bob], [cleo, bob], [ann, cleo], [ann, cleo], [bob, bob]].map(([follower, followee]) => ({
        follower: follower!.id,
        followee: followee!.id
      }))
      assert.strictEqual(yield* Import.importEdges(edges), 2)
      assert.strictEqual(yield* Import.importEdges(edges), 0)
      const rows = yield* accounts.byIds([ann!.id, bob!.id, cleo!.id])
      const counts = Object.fromEntries(rows.map((row) => [row.id, [row.following, row.followers]]))
      assert.deepStrictEqual(counts, { [`${ann!.id}`]: [2, 0], [`${bob!.id}`]: [0, 2], [`${cleo!.id}`]: [1, 1] })
      const row = yield* authors.load(bob!.id)
      const [set] = yield* authors.followersOf([bob!.id])
      assert.deepStrictEqual([row?.edgeSequence, set?.edgeSequence, set?.numbers.length], [4, 4, 2])
    }))

  it.effect("writes posts once, into home timelines and counts", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const timelines = yield* TimelineStore
      const [ann, bob] = yield* Database.people(2)
      yield* Import.importEdges([{ follower: ann!.id, followee: bob!.id }])
      const posts = [1, 2, 3].map(() => ({ id: Database.newId() as PostId, author: bob!.id, authorNo: bob!.no, text: "x" }))
      assert.strictEqual(yield* Import.importPosts(posts.slice(0, 2)), 2)
      assert.strictEqual(yield* Import.importPosts(posts), 1)
      const page = yield* timelines.homePage(ann!.id, { maxId: undefined, sinceId: 0n, minId: 0n, limit: 9 })
      assert.deepStrictEqual(page.map((entry) => entry.id), posts.map((post) => post.id).reverse())
      assert.strictEqual((yield* accounts.byIds([bob!.id]))[0]?.statuses, 3)
    }))

  it.effect("remembers how far a file came", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* Import.importProgress("hash"))
      yield* Import.saveImportProgress("hash", { nextLine: 10, finished: false })
      yield* Import.saveImportProgress("hash", { nextLine: 20, finished: true })
      assert.deepStrictEqual(yield* Import.importProgress("hash"), { nextLine: 20, finished: true })
    }))
})
