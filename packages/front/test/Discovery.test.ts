/** What is the same for all is fetched once; and a search that runs out of time says how far it came. */
import { assert, describe, it } from "@effect/vitest"
import { AccountId, PostId } from "@rookery/domain/Ids"
import type { PostHits, PostSearch as Asked } from "@rookery/store/SearchStore"
import { Deferred, Effect, Fiber } from "effect"
import type { Account } from "../src/oauth/Identity.ts"
import * as Discovery from "../src/read/Discovery.ts"
import type { Hydrated } from "../src/read/Hydration.ts"
import * as Positions from "../src/read/Positions.ts"
import * as PostSearch from "../src/read/PostSearch.ts"
import type { Reader } from "../src/read/Reader.ts"
import { defaultLimits } from "../src/Settings.ts"

const unused = Effect.die(new Error("not asked for here"))

const stores = (accounts: (words: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<AccountId>>) => ({
  search: { posts: () => unused, accounts, followees: () => unused, tags: () => unused, index: unused, wanted: () => unused, learn: () => unused },
  topics: { page: () => unused, tagged: () => unused, authorTagged: () => unused, usages: () => unused },
  trends: { tags: unused, posts: unused, refresh: () => unused }
})

describe("what is the same for all", () => {
  it.effect("is fetched once however many ask, and anew when it is old", () =>
    Effect.gen(function*() {
      let loads = 0
      const answer = yield* Deferred.make<ReadonlyArray<AccountId>>()
      const made = (millis: number) =>
        Discovery.make(stores(() => Effect.suspend(() => (loads++, Deferred.await(answer)))), "https://a.example", { ...defaultLimits, searchCacheMillis: millis })
      const kept = yield* made(3_600_000)
      const asks = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(kept.accounts(["ann"]), { startImmediately: true }))
      yield* Deferred.succeed(answer, [AccountId.make(7n)])
      for (const ask of asks) assert.deepStrictEqual(yield* Fiber.join(ask), [AccountId.make(7n)])
      assert.strictEqual(loads, 1)
      yield* kept.accounts(["ann"])
      assert.strictEqual(loads, 1)
      yield* kept.accounts(["ann", "b"])
      assert.strictEqual(loads, 2)
      const forgetful = yield* made(0)
      yield* forgetful.accounts(["ann"])
      yield* forgetful.accounts(["ann"])
      assert.deepStrictEqual([loads, yield* forgetful.accounts([])], [4, []])
    }))
})

const me = { id: 1n, no: 1, shard: 1 } as Account
const question = { conditions: [], above: 0n, below: 1_000n, upwards: false, limit: 5 }

/** A reader that shows even posts, all of version 1. */
const reader: Pick<Reader, "visible"> = {
  visible: (_, ids) => Effect.succeed(ids.filter((id) => id % 2n === 0n).map((id) => ({ rendered: { id, post: { id, version: 1 } } }) as Hydrated))
}

const searching = (posts: (asked: Asked) => PostHits, now: () => number = () => 0) =>
  PostSearch.make({ ...stores(() => unused).search, posts: (asked) => Effect.sync(() => posts(asked)) }, reader, 1_000, now)

const hitsBelow = (below: bigint, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: PostId.make(below - 1n - BigInt(i)), version: 1 }))

const idsOf = (page: PostSearch.FoundPosts) => page.items.map(({ rendered }) => Number(rendered.id))

describe("a page of found posts", () => {
  it.effect("is filled past what is not shown, and goes on behind its last post", () =>
    Effect.gen(function*() {
      const search = searching(({ below, limit }) => ({ hits: hitsBelow(below, Math.min(3, limit)), reached: below - 3n, isWhole: false }))
      const page = yield* search.page(me, question)
      assert.deepStrictEqual([idsOf(page), page.reached, page.isWhole], [[998, 996, 994, 992, 990], 990n, false])
    }))

  it.effect("shows what was found when the time runs out, and where to go on", () =>
    Effect.gen(function*() {
      let now = 0
      const slow = searching(({ below, millis }) => {
        if (below === 1_000n) return { hits: hitsBelow(below, 4), reached: 996n, isWhole: false }
        now += millis
        return { hits: [], reached: 500n, isWhole: false }
      }, () => now)
      const page = yield* slow.page(me, question)
      assert.deepStrictEqual([idsOf(page), page.reached, page.isWhole], [[998, 996], 500n, false])
    }))

  it.effect("has no post whose words were looked at before its last edit", () =>
    Effect.gen(function*() {
      const hits = [{ id: PostId.make(998n), version: 1 }, { id: PostId.make(996n), version: 2 }]
      const page = yield* searching(() => ({ hits, reached: 0n, isWhole: true })).page(me, question)
      assert.deepStrictEqual([idsOf(page), page.isWhole], [[998], true])
    }))
})

describe("positions of pages", () => {
  it("are known for a minute, the latest of them", () => {
    let now = 0
    const positions = Positions.make(() => now)
    for (let i = 0; i < 10_001; i++) positions.set(String(i), BigInt(i))
    assert.deepStrictEqual([positions.get("0"), positions.get("1"), positions.get("10000")], [undefined, 1n, 10_000n])
    now = 60_000
    assert.isUndefined(positions.get("1"))
  })
})
