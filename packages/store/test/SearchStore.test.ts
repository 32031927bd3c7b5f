/** What is found of what was written: all of it, once, as it stands now, by those who may. */
import { assert, inject, layer } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import * as Seeded from "@rookery/testkit/Seeded"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import type { AccountRow } from "../src/AccountStore.ts"
import { AccountStore } from "../src/AccountStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { SearchStore } from "../src/SearchStore.ts"
import * as Database from "./database.ts"
import { catchUp, comesTo, findAll, idAt, postAt } from "./discovery.ts"

const { account, follow, people } = Database

const hour = 3_600_000
const minute = 60_000

const nothing = { spoiler: "", sensitive: false, language: null }

const found = (viewer: AccountRow, text: string) => findAll(viewer.id, text)

const names = (rows: ReadonlyArray<AccountRow>, ids: ReadonlyArray<bigint>) =>
  ids.map((id) => rows.find((row) => row.id === id)?.username)

layer(Database.layer, { excludeTestServices: true })("search of posts", (it) => {
  it.effect("finds every match once, whatever its age, in both directions and between bounds", () =>
    Effect.gen(function*() {
      const [ann] = yield* people(1)
      const now = Date.now()
      // From minutes to years apart, and some in one millisecond.
      const ages = [0, 0, 0, 1, 2, 5, 9, 30, 61, 300, 301, 1_000, 4_000, 20_000, 20_000, 90_000, 300_000, 900_000].map((age) => age * minute)
      const posts = yield* Effect.forEach(ages, (age, i) => postAt(ann!, now - age, `walnut ${i}`))
      yield* Effect.forEach(ages, (age) => postAt(ann!, now - age, "hazel"))
      yield* catchUp
      const expected = posts.map(({ id }) => id).sort((a, b) => a < b ? 1 : -1)
      assert.deepStrictEqual(yield* found(ann!, "walnut"), expected)
      assert.deepStrictEqual(yield* findAll(ann!.id, "walnut", { upwards: true }), expected.toReversed())
      const bounds = { above: expected[12]!, below: expected[2]! }
      assert.deepStrictEqual(yield* findAll(ann!.id, "walnut", bounds), expected.slice(3, 12))
      assert.deepStrictEqual(yield* findAll(ann!.id, "walnut", { ...bounds, upwards: true, limit: 100 }), expected.slice(3, 12).toReversed())
      assert.deepStrictEqual(yield* found(ann!, "walnut 7"), [posts[7]!.id])
      assert.deepStrictEqual(yield* found(ann!, "nothing of the kind"), [])
    }))

  it.effect("knows phrases, what must not be, tags, people, links, answers and the warning", () =>
    Effect.gen(function*() {
      const [ann, bob] = [yield* account("ann_b"), yield* account("bob")]
      const now = Date.now()
      const green = yield* postAt(ann, now, "Green tea, #Fresh", { spoiler: "hot drinks", language: "en-GB" })
      const tea = yield* postAt(ann, now, "tea that is green https://tea.example/leaf", { mentions: ["bob"] })
      const answer = yield* postAt(bob, now, "東京都 it's 'quoted' \\ & | !(tea)", { replyTo: green.id })
      yield* catchUp
      const cases: ReadonlyArray<readonly [string, ReadonlyArray<PostId>]> = [
        ["green tea", [tea.id, green.id]],
        ["\"green tea\"", [green.id]],
        ["TEA -green", [answer.id]],
        ["#fresh", [green.id]],
        ["fresh", [green.id]],
        ["tea -#fresh", [answer.id, tea.id]],
        ["@bob", [tea.id]],
        ["tea has:link", [tea.id]],
        ["tea.example", [tea.id]],
        ["is:reply", [answer.id]],
        ["language:en", [green.id]],
        ["language:EN-gb", [green.id]],
        ["\"hot drinks\"", [green.id]],
        ["\"drinks green\"", []],
        ["京都", [answer.id]],
        ["都", [answer.id]],
        ["it's quoted", [answer.id]],
        ["tea before:2025-02-01", []]
      ]
      for (const [text, ids] of cases) {
        assert.deepStrictEqual((yield* findAll(ann.id, `${text} after:2025-01-01`)).filter((id) => [green.id, tea.id, answer.id].includes(id)), ids, text)
      }
    }))

  it.effect("shows those that are not public to their readers alone", () =>
    Effect.gen(function*() {
      const [ann, fan, named, stranger] = yield* people(4)
      yield* follow(fan!, ann!)
      const now = Date.now()
      const mentions = [named!.username]
      const post = yield* postAt(ann!, now, "quokka")
      const unlisted = yield* postAt(ann!, now, "quokka", { visibility: "unlisted" })
      const closed = yield* postAt(ann!, now, "quokka", { visibility: "private", mentions })
      const direct = yield* postAt(ann!, now, "quokka", { visibility: "direct", mentions })
      const wrapper = yield* postAt(fan!, now, "", { repostOf: post.id })
      yield* catchUp
      assert.deepStrictEqual(yield* found(ann!, "quokka"), [direct.id, closed.id, unlisted.id, post.id])
      assert.deepStrictEqual(yield* found(fan!, "quokka"), [closed.id, unlisted.id, post.id])
      assert.deepStrictEqual(yield* found(named!, "quokka"), [direct.id, closed.id, post.id])
      assert.deepStrictEqual(yield* found(stranger!, "quokka"), [post.id])
      assert.notInclude(yield* found(fan!, "-nothing"), wrapper.id)
    }))

  it.effect("has the new words of an edited post and not the old, nothing of a deleted one, and counts of tags to match", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const search = yield* SearchStore
      const [ann] = yield* people(1)
      const now = Date.now()
      const edited = yield* postAt(ann!, now, "#plum one")
      const gone = yield* postAt(ann!, now, "#plum two")
      const early = yield* postAt(ann!, now, "#plum three")
      yield* postAt(ann!, now, "#plump four")
      yield* posts.remove(early.id)
      yield* comesTo(found(ann!, "plum"), [gone.id, edited.id])
      assert.deepStrictEqual(yield* search.tags("plu", 10), ["plum", "plump"])
      yield* posts.edit(edited.id, 1, { ...nothing, text: "#pear one" })
      yield* posts.remove(gone.id)
      yield* comesTo(found(ann!, "plum"), [])
      yield* comesTo(found(ann!, "pear"), [edited.id])
      assert.deepStrictEqual([yield* search.tags("pl", 10), yield* search.tags("pear", 10)], [["plump"], ["pear"]])
      const sql = yield* SqlClient.SqlClient
      const counted = yield* sql`
        SELECT t.tag, t.posts FROM tags t WHERE t.posts <> (SELECT count(*) FROM post_tags p WHERE p.tag = t.tag AND p.visibility = 0)`
      assert.deepStrictEqual(counted, [])
    }))

  it.effect("takes up posts that become visible behind younger ones, and edits that were open meanwhile", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const search = yield* SearchStore
      const [ann] = yield* people(1)
      const old = yield* postAt(ann!, Date.now(), "gnu of old")
      const late = idAt(Date.now())
      const written = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      const slow = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
        yield* sql`INSERT INTO posts (id, author, author_no, visibility, text) VALUES (${late}, ${ann!.id}, ${ann!.no}, 0, 'gnu')`
        yield* sql`UPDATE posts SET text = 'ibex', version = 2 WHERE id = ${old.id}`
        yield* sql`INSERT INTO post_changes (post_id, author, kind) VALUES (${old.id}, ${ann!.id}, 3)`
        yield* Deferred.succeed(written, undefined)
        yield* Deferred.await(commit)
      })))
      yield* Deferred.await(written)
      const young = yield* postAt(ann!, Date.now() + 1, "gnu")
      yield* catchUp
      assert.deepStrictEqual(yield* found(ann!, "gnu"), [young.id, old.id])
      yield* Deferred.succeed(commit, undefined)
      yield* Fiber.join(slow)
      yield* comesTo(Effect.all([found(ann!, "gnu"), found(ann!, "ibex")]), [[young.id, late], [old.id]])
      const more = yield* Effect.forEach(Array.from({ length: 30 }), () => postAt(ann!, Date.now(), "gnu"))
      yield* Effect.all(Array.from({ length: 6 }, () => search.index), { concurrency: "unbounded" })
      yield* catchUp
      assert.lengthOf(yield* found(ann!, "gnu"), 2 + more.length)
    }))

  const seed = inject("oracleSeed")
  it.effect(`takes up whatever is written, and whatever is asked (seed ${seed})`, () =>
    Effect.gen(function*() {
      const random = Seeded.make(seed)
      const [ann] = yield* people(1)
      const signs = ["'", "''", "\\", ":", "*", "&", "|", "!", "(", ")", "<->", "\"", "-", "#", "@", " ", "\n", "a", "é", "ﷺ", "東", "ก", "🎉", "𝔘", "\u0301", "\u200d", "\ud800", "7"]
      const any = (length: number) => Array.from({ length }, () =>
        random.chance(0.7) ? random.pick(signs) : String.fromCodePoint(random.int(0x2_ffff))).join("").toWellFormed()
      const texts = ["x".repeat(3_000), "東".repeat(5_000), "a b ".repeat(2_500), ...Array.from({ length: 60 }, () => any(1 + random.int(80)))]
      const posts = yield* Effect.forEach(texts, (text) => postAt(ann!, Date.now(), `jackfruit ${text}`, { spoiler: any(10), language: "x'y" }))
      yield* catchUp
      assert.lengthOf(yield* findAll(ann!.id, "jackfruit", { limit: 50 }), posts.length)
      for (let i = 0; i < 60; i++) yield* findAll(ann!.id, `jackfruit ${any(1 + random.int(40))}`, { limit: 50 })
    }))

  it.effect("ends in time also when the database does not go on", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const search = yield* SearchStore
      const [ann] = yield* people(1)
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`LOCK TABLE post_search IN ACCESS EXCLUSIVE MODE`
        const ask = search.posts({ conditions: [], viewer: ann!.id, above: 0n, below: idAt(Date.now() + hour), upwards: false, limit: 5, millis: 200 })
        // Forked, so that it gets a connection of its own.
        const exit = yield* Effect.promise(() => Effect.runPromiseExit(ask))
        assert.isTrue(Exit.isFailure(exit))
      }))
    }))
})

layer(Database.layer, { excludeTestServices: true })("search of names", (it) => {
  it.effect("goes by the beginnings of words, most followers first, followees apart, without the suspended", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const search = yield* SearchStore
      const rows = yield* Effect.forEach(["wren_one", "wrenfan", "other", "gone", "viewer"], (name) => account(name))
      const [one, fan, other, gone, viewer] = rows
      yield* accounts.update(other!.id, { displayName: "Émile WREN-Müller 山田太郎" })
      yield* accounts.update(gone!.id, { displayName: "wren" })
      yield* Database.suspend(gone!)
      yield* follow(viewer!, fan!)
      yield* follow(one!, fan!)
      yield* follow(viewer!, other!)
      const of = (...words: ReadonlyArray<string>) => Effect.map(search.accounts(words, 10), (ids) => names(rows, ids))
      assert.deepStrictEqual(yield* of("wren"), ["wrenfan", "other", "wren_one"])
      assert.deepStrictEqual(yield* of("wren", "mull"), ["other"])
      assert.deepStrictEqual(yield* of("emile"), ["other"])
      assert.deepStrictEqual(yield* of("山田"), ["other"])
      assert.deepStrictEqual(yield* of("one"), ["wren_one"])
      assert.deepStrictEqual(yield* of("'"), [])
      assert.deepStrictEqual(names(rows, yield* search.followees(viewer!.id, ["wren"], 10)), ["wrenfan", "other"])
      assert.deepStrictEqual(yield* search.followees(one!.id, ["viewer"], 10), [])
      yield* accounts.update(other!.id, { displayName: "Nobody" })
      assert.deepStrictEqual(yield* of("emile"), [])
    }))
})
