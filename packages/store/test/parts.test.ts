/** What posts name and what people keep, as rows: exact under races, gone with what they hang on. */
import { assert, layer } from "@effect/vitest"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Topics from "@rookery/domain/Topics"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AccountStore } from "../src/AccountStore.ts"
import { ConversationStore } from "../src/ConversationStore.ts"
import { KeptStore } from "../src/KeptStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { TopicStore } from "../src/TopicStore.ts"
import * as Database from "./database.ts"

const { people, post, row, versionOf } = Database

const all = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 100 }
const list = { before: undefined, after: undefined, limit: 100 }

const count = (query: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [found] = yield* sql.unsafe<{ n: bigint }>(`SELECT count(*) AS n FROM ${query}`)
    return Number(found!.n)
  })

layer(Database.layer, { excludeTestServices: true })("parts of posts", (it) => {
  it.effect("mentions are who is there, tags what the text says; an edit replaces both, a deletion takes tags away", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const topics = yield* TopicStore
      const [ann, bob, cid] = yield* people(3)
      const made = yield* post(ann!, { text: "#one #two", mentions: [bob!.username, "nobody-at-all"] })
      assert.deepStrictEqual(made.mentions, [{ id: bob!.id, username: bob!.username }])
      assert.deepStrictEqual((yield* posts.byIds([made.id]))[0], made)
      assert.deepStrictEqual(yield* topics.page(Topics.ofTag("one"), all), [made.id])
      yield* posts.edit(made.id, 1, { text: "#two #three", spoiler: "", sensitive: false, language: null, mentions: [cid!.username] })
      assert.deepStrictEqual((yield* posts.byIds([made.id]))[0]?.mentions, [{ id: cid!.id, username: cid!.username }])
      assert.strictEqual(yield* count(`post_mentions WHERE post_id = ${made.id} AND account = ${cid!.id}`), 1)
      assert.strictEqual(yield* count(`post_mentions WHERE post_id = ${made.id}`), 1)
      const found = yield* Effect.forEach(["one", "two", "three"], (tag) => topics.page(Topics.ofTag(tag), all))
      assert.deepStrictEqual(found, [[], [made.id], [made.id]])
      yield* posts.remove(made.id)
      assert.deepStrictEqual(yield* topics.page(Topics.ofTag("two"), all), [])
    }))

  it.effect("one batch puts each direct post into one conversation of each who takes part", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const conversations = yield* ConversationStore
      const [ann, bob] = yield* people(2)
      const root = yield* post(ann!, { visibility: "direct", mentions: [bob!.username] })
      const draft = { visibility: "direct", replyTo: root.id } as const
      const version = yield* versionOf(bob!)
      yield* posts.publish([
        row(ann!, yield* versionOf(ann!), { ...draft, mentions: [bob!.username] }),
        row(bob!, version, { ...draft, mentions: [ann!.username] }),
        row(bob!, version, { ...draft, mentions: [] })
      ])
      const of = (account: AccountId) => conversations.list(account, list)
      const [hers, his] = [yield* of(ann!.id), yield* of(bob!.id)]
      assert.deepStrictEqual([hers.length, his.length], [1, 2])
      assert.deepStrictEqual(hers.map(({ people: others, unread }) => ({ others, unread })), [{ others: [bob!.id], unread: true }])
      assert.deepStrictEqual(his.map(({ people: others }) => others), [[], [ann!.id]])
      assert.strictEqual(hers[0]!.lastPost, his[1]!.lastPost)
    }))

  it.effect("bookmarks are counted exactly in a storm of repeats", () =>
    Effect.gen(function*() {
      const kept = yield* KeptStore
      const posts = yield* PostStore
      const everyone = yield* people(8)
      const { id } = yield* post(everyone[0]!)
      const storm = everyone.flatMap((person, n) => [true, true, n % 2 === 0, true].map((wanted) => kept.setBookmark(person.id, id, wanted)))
      yield* Effect.all(storm, { concurrency: "unbounded" })
      const [found] = yield* posts.byIds([id])
      assert.strictEqual(found?.bookmarks, yield* count(`bookmarks WHERE post_id = ${id}`))
      yield* Effect.forEach(everyone, (person) => kept.setBookmark(person.id, id, true))
      assert.strictEqual((yield* posts.byIds([id]))[0]?.bookmarks, 8)
    }))

  it.effect("never more pins than may be, however many ask at once, and none of another's, hidden or deleted post", () =>
    Effect.gen(function*() {
      const kept = yield* KeptStore
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      const made = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], () => post(ann!))
      const closed = yield* post(ann!, { visibility: "private" })
      const pin = (account: AccountId, id: PostId) => kept.setPin(account, id, true)
      assert.deepStrictEqual([yield* pin(bob!.id, made[0]!.id), yield* pin(ann!.id, closed.id)], ["NotFound", "NotFound"])
      const results = yield* Effect.all(made.map(({ id }) => pin(ann!.id, id)), { concurrency: "unbounded" })
      assert.lengthOf(results.filter((result) => result === "Done"), 5)
      const pins = yield* kept.pins(ann!.id)
      assert.lengthOf(pins, 5)
      yield* posts.remove(pins[0]!)
      assert.deepStrictEqual(yield* kept.pins(ann!.id), pins.slice(1))
    }))

  it.effect("views add up, also of many fronts at once", () =>
    Effect.gen(function*() {
      const kept = yield* KeptStore
      const [ann] = yield* people(1)
      const ids = (yield* Effect.forEach([1, 2, 3], () => post(ann!))).map(({ id }) => id)
      const views = (order: ReadonlyArray<PostId>) => kept.addViews(new Map(order.map((id, i) => [id, i + 1])))
      yield* Effect.all(Array.from({ length: 20 }, (_, n) => views(n % 2 === 0 ? ids : ids.toReversed())), { concurrency: "unbounded" })
      assert.deepStrictEqual(yield* Effect.forEach(ids, (id) => kept.views(id)), [40, 40, 40])
      assert.strictEqual(yield* kept.views(1n as PostId), 0)
    }))

  it.effect("an account that is removed leaves no mark behind, and every count right", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const kept = yield* KeptStore
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      const hers = yield* post(ann!, { text: "#gone", visibility: "direct", mentions: [bob!.username] })
      const his = yield* post(bob!)
      yield* kept.setBookmark(ann!.id, his.id, true)
      yield* accounts.remove(ann!.id)
      assert.strictEqual((yield* posts.byIds([his.id]))[0]?.bookmarks, 0)
      for (const table of ["bookmarks", "pins", "post_mentions", "conversations"]) {
        assert.strictEqual(yield* count(`${table} WHERE account = ${ann!.id}`), 0, table)
      }
      assert.strictEqual(yield* count(`post_tags WHERE post_id = ${hers.id}`), 0)
      assert.deepStrictEqual(yield* (yield* ConversationStore).list(bob!.id, list), [])
    }))
})
