import { assert, layer } from "@effect/vitest"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Topics from "@rookery/domain/Topics"
import { pastChunkLoads, pastLost } from "@rookery/observe/Metrics"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type AccountRow, AccountStore } from "../src/AccountStore.ts"
import { step } from "../src/postgres/past/past.ts"
import { readerOf } from "../src/postgres/past/reader.ts"
import { status } from "../src/postgres/past/status.ts"
import { int8s } from "../src/postgres/statement.ts"
import { PostStore } from "../src/PostStore.ts"
import { SearchStore } from "../src/SearchStore.ts"
import { TimelineStore } from "../src/TimelineStore.ts"
import { TopicStore } from "../src/TopicStore.ts"
import * as Database from "./database.ts"
import { before, chunkTexts, packAll, packedIds, seen, setMedia } from "./pastWorld.ts"

const { follow, people, post } = Database
const text = (value: string) => ({ text: value, spoiler: "", sensitive: false, language: null })

/** Posts of this month, which is never packed while it lasts. */
let sequence = 0
const freshPost = (author: AccountRow, draft: Parameters<typeof post>[1] = {}) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const id = Snowflake.make(Date.now(), 7, sequence++) as PostId
    const [made] = yield* posts.publish([{ ...Database.row(author, yield* Database.versionOf(author), draft), id }])
    return made?._tag === "Published" ? made.post : yield* Effect.die(new Error(`not published: ${made?._tag}`))
  })

/** Every page from the newest on, joined. */
const pages = <E, R>(read: (maxId: bigint | undefined) => Effect.Effect<ReadonlyArray<bigint>, E, R>) =>
  Effect.gen(function*() {
    const all: Array<bigint> = []
    for (let i = 0; i < 100; i++) {
      const page = yield* read(all.at(-1))
      if (page.length === 0) return all
      all.push(...page)
    }
    return yield* Effect.die(new Error("pages without end"))
  })

/** All timelines in which posts of one author stand, paged by seven. */
const timelines = (reader: AccountId, author: AccountId) =>
  Effect.gen(function*() {
    const store = yield* TimelineStore
    const topics = yield* TopicStore
    const bounds = (maxId: bigint | undefined) => ({ maxId, sinceId: 0n, minId: 0n, limit: 7 })
    const own = { excludeReplies: false, excludeReposts: false, includePrivate: true }
    return yield* Effect.all({
      home: pages((maxId) => Effect.map(store.homePage(reader, bounds(maxId)), (page) => page.map((entry) => entry.id))),
      author: pages((maxId) => store.authorPage(author, { ...bounds(maxId), ...own })),
      pictures: pages((maxId) => store.authorPage(author, { ...bounds(maxId), ...own, onlyMedia: true })),
      everybody: pages((maxId) => topics.page(Topics.everything, bounds(maxId))),
      everyPicture: pages((maxId) => topics.page(Topics.everything, { ...bounds(maxId), onlyMedia: true })),
      tag: pages((maxId) => topics.page(Topics.ofTag("crows"), bounds(maxId))),
      upwards: Effect.map(store.homePage(reader, { ...bounds(undefined), minId: 1n }), (page) => page.map((entry) => entry.id))
    })
  })

layer(Database.layer, { excludeTestServices: true, timeout: "60 seconds" })("The past", (it) => {
  it.effect("packed posts read and page as before, over the border too", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      yield* follow(bob!, ann!)
      const root = yield* post(ann!, { text: "An old #crows text, ünïcode 🐦 and \"quotes\"", spoiler: "old" })
      const old = yield* Effect.forEach(Array.from({ length: 150 }, (_, i) => i), (i) =>
        post(i % 5 === 0 ? bob! : ann!, { text: `old ${i}${i % 7 === 0 ? " #crows" : ""}`, replyTo: i % 10 === 0 ? root.id : null }))
      const wrapper = yield* post(bob!, { repostOf: root.id })
      yield* setMedia(old[3]!.id)
      yield* posts.edit(old[4]!.id, 1, text("edited once"))
      yield* posts.edit(old[4]!.id, 2, text("edited twice"))
      yield* posts.remove(old[6]!.id)
      const fresh = yield* Effect.forEach([0, 1, 2, 3], (i) => freshPost(ann!, { text: `new ${i} #crows`, replyTo: i === 1 ? root.id : null }))
      const ids = [root.id, ...old.map((one) => one.id), wrapper.id, ...fresh.map((one) => one.id)]
      const contexts = Effect.all([posts.ancestors(fresh[1]!.id, 40), posts.descendants(root.id, 400)])
      const [words, lists, threads] = [yield* seen(ids), yield* timelines(bob!.id, ann!.id), yield* contexts]
      const did = yield* packAll
      assert.includeMembers(did, ["begun", "copied", "indexed", "swapped", "tidied"])
      // All of the old ones but the deleted one and the wrapper.
      assert.strictEqual((yield* packedIds).length, 150)
      assert.deepStrictEqual(yield* seen(ids), words)
      assert.deepStrictEqual(yield* timelines(bob!.id, ann!.id), lists)
      assert.deepStrictEqual(yield* contexts, threads)
      assert.isAbove(lists.tag.length, 20)
      assert.deepStrictEqual(lists.pictures, [old[3]!.id])
      const { parts, waiting } = yield* status(before())
      assert.deepStrictEqual(waiting, [])
      assert.deepInclude(parts[0], { name: "posts_early", posts: 152, packed: 150, live: true })
    }))

  it.effect("the packed partition has the same indexes, and no scaffolding is left", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const shapes = (table: string) =>
        sql<{ shape: string }>`
          SELECT regexp_replace(regexp_replace(indexdef, '^.* USING ', ''), ' WITH [(][^)]*[)]', '') AS shape FROM pg_indexes
          WHERE tablename = ${table} ORDER BY 1`
      const tail = yield* shapes("posts_tail")
      assert.isAbove(tail.length, 3)
      assert.deepStrictEqual(yield* shapes("posts_early"), tail)
      const left = yield* sql`
        SELECT relname FROM pg_class WHERE relname LIKE '%packed' UNION ALL SELECT tgname FROM pg_trigger WHERE tgname = 'past_changed'
        UNION ALL SELECT conname FROM pg_constraint WHERE conname = 'within'`
      assert.deepStrictEqual(left, [])
    }))

  it.effect("a packed post is liked, answered, edited and deleted like any other, and its chunk forgets it", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const sql = yield* SqlClient.SqlClient
      const [ann] = yield* people(1)
      const [id, gone] = (yield* sql<{ id: PostId }>`
        SELECT p.id FROM posts p WHERE content = 2 AND EXISTS (SELECT FROM past_chunks) ORDER BY version DESC, id LIMIT 2`).map((row) => row.id)
      const [history, [first]] = [yield* posts.history(id!), yield* posts.byIds([id!])]
      assert.strictEqual(history.length, 3)
      assert.isAbove((yield* posts.setLikes([{ postId: id!, account: ann!.id, liked: true }])).size, 0)
      yield* freshPost(ann!, { replyTo: id!, text: "an answer" })
      assert.isUndefined(yield* posts.edit(id!, first!.version + 1, text("at a version that is not")))
      const edited = yield* posts.edit(id!, first!.version, text("edited after all"))
      assert.deepInclude(edited?.post, { text: "edited after all", version: first!.version + 1, likes: 1, replies: first!.replies + 1 })
      assert.deepStrictEqual((yield* posts.history(id!)).slice(0, 3), history)
      assert.strictEqual((yield* posts.history(id!)).length, 4)
      const removed = yield* posts.remove(gone!)
      assert.isAbove(removed!.post.text.length, 0)
      assert.deepStrictEqual(yield* posts.byIds([gone!]), [])
      assert.deepStrictEqual(yield* posts.deletedAmong([gone!]), [gone!])
      assert.include(yield* chunkTexts, first!.text)
      yield* packAll
      assert.notInclude(yield* chunkTexts, first!.text)
      assert.strictEqual((yield* posts.byIds([id!]))[0]!.text, "edited after all")
    }))

  it.effect("one fetch serves everybody who asks for a cold chunk", () =>
    Effect.gen(function*() {
      const ids = (yield* packedIds).slice(0, 20)
      const posts = yield* PostStore
      const sql = yield* SqlClient.SqlClient
      const chunks = yield* sql<{ id: bigint }>`SELECT DISTINCT past_chunk_of(id) AS id FROM posts WHERE id = ANY(${int8s(ids)})`
      const cold = readerOf(sql)
      cold.clear()
      const loads = pastChunkLoads.value
      yield* Effect.forEach(Array.from({ length: 50 }), () => posts.byIds(ids), { concurrency: "unbounded" })
      assert.strictEqual(pastChunkLoads.value - loads, chunks.length)
    }))

  it.effect("the search finds what is packed when it is made anew", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const search = yield* SearchStore
      yield* sql`TRUNCATE post_search`
      yield* sql`UPDATE search_progress SET posts_to = 0`
      yield* search.index
      const [row] = yield* sql<{ n: bigint }>`SELECT count(*) AS n FROM post_search WHERE words @@ 'old'::tsquery`
      assert.isAbove(Number(row!.n), 100)
    }))

  it.effect("nothing of a removed account's words stays in a chunk", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const posts = yield* PostStore
      const [some] = yield* posts.byIds((yield* packedIds).slice(10, 11))
      const texts = yield* chunkTexts
      yield* accounts.remove(some!.author)
      yield* packAll
      assert.isBelow((yield* chunkTexts).length, texts.length / 2)
      assert.notInclude(yield* chunkTexts, some!.text)
    }))

  it.effect("a damaged chunk takes only the words of its posts", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const posts = yield* PostStore
      const ids = yield* packedIds
      const lost = pastLost.value
      yield* sql`UPDATE past_chunks SET data = '\\xdeadbeef'`
      readerOf(sql).clear()
      const found = yield* posts.byIds(ids)
      assert.strictEqual(found.length, ids.length)
      assert.isTrue(found.every((one) => one.absent === true && one.text === ""))
      assert.strictEqual(pastLost.value - lost, ids.length)
      assert.strictEqual((yield* step(before())).did, "idle")
    }))
})
