/** Trends as they are computed from what was posted, used and marked, on a clock of the test's own. */
import { assert, layer } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import { Effect } from "effect"
import type { AccountRow } from "../src/AccountStore.ts"
import { AccountStore } from "../src/AccountStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { TopicStore } from "../src/TopicStore.ts"
import { type TrendRules, TrendStore } from "../src/TrendStore.ts"
import * as Database from "./database.ts"
import { idAt, postAt } from "./discovery.ts"

const { people } = Database

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const rules: TrendRules = { halfLifeMillis: 6 * hour, accountsMin: 3, everyMillis: minute }

/** Each case has days of its own, far from the others. */
const start = Date.UTC(2026, 5, 1, 12)

const posting = (who: ReadonlyArray<AccountRow>, millis: number, text: string, draft: Partial<PostDraft> = {}) =>
  Effect.forEach(who, (one) => postAt(one, millis, text, draft))

const like = (post: { readonly id: PostId }, who: ReadonlyArray<AccountRow>) =>
  Effect.flatMap(PostStore, (posts) => posts.setLikes(who.map(({ id }) => ({ postId: post.id, account: id, liked: true }))))

const computed = (now: number, more: Partial<TrendRules> = {}) =>
  Effect.gen(function*() {
    const trends = yield* TrendStore
    assert.isTrue(yield* trends.refresh(now, { ...rules, ...more }))
    return { tags: yield* trends.tags, posts: yield* trends.posts }
  })

layer(Database.layer, { excludeTestServices: true })("trends", (it) => {
  it.effect("are tags that more accounts use than usual, each account once, and they fade", () =>
    Effect.gen(function*() {
      const now = start
      const crowd = yield* people(8)
      yield* posting(crowd.slice(0, 5), now - hour, "#fresh")
      yield* posting(crowd.slice(0, 4), now - 5 * hour, "#older")
      for (let i = 0; i < 12; i++) yield* posting(crowd.slice(0, 1), now - i * minute, "#loud")
      for (let i = 0; i < 6; i++) yield* posting(crowd.slice(0, 6), now - hour - i * day, "#daily")
      yield* posting(crowd.slice(0, 5), now - hour, "#shocking", { sensitive: true })
      yield* posting(crowd.slice(0, 5), now - hour, "#quiet", { visibility: "unlisted" })
      yield* posting(crowd.slice(0, 2), now - hour, "#few")
      const { tags } = yield* computed(now)
      assert.deepStrictEqual(tags.map(({ accounts, tag }) => [tag, accounts]), [["fresh", 5], ["daily", 6], ["older", 4]])
      const expected = (5 * 2 ** (-1 / 6) - 1) ** 2
      assert.closeTo(tags[0]!.score, expected, 1e-6)
      const later = yield* computed(now + 8 * hour)
      assert.deepStrictEqual(later.tags.map(({ tag }) => tag), ["fresh", "daily"])
      assert.closeTo(later.tags[0]!.score, (5 * 2 ** (-9 / 6) - 1) ** 2, 1e-6)
      assert.deepStrictEqual((yield* computed(now + 30 * day)).tags, [])
    }))

  it.effect("lose what is deleted or suspended, and count days for the history", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const topics = yield* TopicStore
      const now = start + 60 * day
      const crowd = yield* people(4)
      const made = yield* posting(crowd, now - hour, "#brief")
      assert.deepStrictEqual((yield* computed(now)).tags.map(({ accounts: count }) => count), [4])
      yield* Database.suspend(crowd[0]!)
      assert.deepStrictEqual((yield* computed(now + minute)).tags.map(({ accounts: count }) => count), [3])
      yield* posts.remove(made[1]!.id)
      assert.deepStrictEqual((yield* computed(now + 2 * minute)).tags, [])
      const usages = yield* topics.usages(["brief", "nothing"])
      assert.deepStrictEqual([usages.get("brief")!.length, usages.get("nothing")!.length], [7, 7])
    }))

  it.effect("are posts that several accounts like or repost, young ones before old, two of an author at most", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const posts = yield* PostStore
      const now = start + 120 * day
      const [ann, bob, eve, shy, ...crowd] = yield* people(10)
      const one = (author: AccountRow, age: number, draft: Partial<PostDraft> = {}) => postAt(author, now - age, "look", draft)
      const best = yield* one(ann!, 2 * hour)
      const older = yield* one(bob!, 14 * hour)
      const sensitive = yield* one(bob!, hour, { sensitive: true })
      const warned = yield* one(bob!, hour, { spoiler: "careful" })
      const unlisted = yield* one(bob!, hour, { visibility: "unlisted" })
      const answer = yield* one(bob!, hour, { replyTo: best.id })
      const hidden = yield* one(shy!, hour)
      const gone = yield* one(bob!, hour)
      const own = yield* one(eve!, hour)
      const many = yield* Effect.forEach([1, 2, 3], () => one(eve!, hour))
      yield* accounts.update(shy!.id, { discoverable: false })
      for (const post of [best, older, sensitive, warned, unlisted, answer, hidden, gone, ...many]) yield* like(post, crowd.slice(0, 5))
      // One who likes and reposts is one account; an author's own mark is none.
      yield* postAt(crowd[0]!, now - hour, "", { repostOf: best.id })
      yield* postAt(crowd[5]!, now - hour, "", { repostOf: best.id })
      yield* like(own, [eve!, ...crowd.slice(0, 2)])
      yield* posts.remove(gone.id)
      const { posts: trending } = yield* computed(now)
      assert.deepStrictEqual(trending.map(({ id }) => id).filter((id) => !many.some((post) => post.id === id)), [best.id, older.id])
      assert.lengthOf(trending, 4)
      assert.closeTo(trending.find(({ id }) => id === best.id)!.score, 25 * 2 ** (-2 / 6), 1e-3)
      assert.deepStrictEqual(trending.map(({ score }) => score), trending.map(({ score }) => score).toSorted((a, b) => b - a))
      yield* Database.suspend(crowd[1]!)
      const later = yield* computed(now + 6 * hour)
      assert.closeTo(later.posts.find(({ id }) => id === best.id)!.score, 16 * 2 ** (-8 / 6), 1e-3)
    }))

  it.effect("are computed once for a stretch of time, by one of all who try", () =>
    Effect.gen(function*() {
      const trends = yield* TrendStore
      const now = start + 180 * day
      const tries = (at: number) => Effect.all(Array.from({ length: 6 }, () => trends.refresh(at, rules)), { concurrency: "unbounded" })
      assert.lengthOf((yield* tries(now)).filter((done) => done), 1)
      assert.lengthOf((yield* tries(now + minute - 1)).filter((done) => done), 0)
      assert.lengthOf((yield* tries(now + minute)).filter((done) => done), 1)
      assert.isAbove(Number(idAt(now)), 0)
    }))
})
