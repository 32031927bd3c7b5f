import { assert, describe, it } from "@effect/vitest"
import { AccountId, type PostId } from "@rookery/domain/Ids"
import type { AuthorAsk, AuthorQuery, TimelineStore } from "@rookery/store/TimelineStore"
import { Effect } from "effect"
import * as AuthorPages from "../src/read/AuthorPages.ts"

const ann = AccountId.make(1n << 62n)
const bob = AccountId.make(2n)

const newest: AuthorQuery = {
  maxId: undefined,
  sinceId: 0n,
  minId: 0n,
  limit: 20,
  excludeReplies: false,
  excludeReposts: false,
  includePrivate: true
}

/** Timelines of ids alone; replies have odd ids. Counts the pages that are read. */
const makeStore = (posts: Map<bigint, Array<bigint>>) => {
  const read: Array<AuthorAsk> = []
  const pageOf = ({ author, query }: AuthorAsk): ReadonlyArray<PostId> => {
    read.push({ author, query })
    const ids = (posts.get(author) ?? []).filter((id) =>
      id > query.sinceId && id > query.minId && (query.maxId === undefined || id < query.maxId) && !(query.excludeReplies && id % 2n === 1n))
    const sorted = ids.toSorted((a, b) => a < b ? 1 : -1)
    return (query.minId > 0n ? sorted.slice(-query.limit) : sorted.slice(0, query.limit)) as Array<PostId>
  }
  const store = {
    authorPage: (author: AccountId, query: AuthorQuery) => Effect.sync(() => pageOf({ author, query })),
    authorPages: (asks: ReadonlyArray<AuthorAsk>) => Effect.sync(() => asks.map(pageOf))
  } as unknown as TimelineStore["Service"]
  return { store, read }
}

const idsUpTo = (last: number): Array<bigint> => Array.from({ length: last }, (_, i) => BigInt(i + 1))

const withPages = (counts: ReadonlyArray<readonly [AccountId, number]>) =>
  Effect.gen(function*() {
    const posts = new Map(counts.map(([author, count]) => [author as bigint, idsUpTo(count)]))
    const { read, store } = makeStore(posts)
    const pages = yield* AuthorPages.make(store, 1_000_000, 60_000)
    const page = (author: AccountId, query: AuthorQuery) => Effect.map(pages.page(author, query), (ids): ReadonlyArray<bigint> => ids)
    return { posts, read, pages: { ...pages, page } }
  })

const descending = (from: number, to: number): Array<bigint> => idsUpTo(from).slice(to - 1).reverse()

describe("an account's own timeline", () => {
  it.live("is read once for its newest pages, by whatever bounds lie within what is kept", () =>
    Effect.gen(function*() {
      const { pages, read } = yield* withPages([[ann, 100], [bob, 3]])
      assert.deepStrictEqual(yield* pages.page(ann, newest), descending(100, 81))
      assert.deepStrictEqual(yield* pages.page(ann, { ...newest, maxId: 81n }), descending(80, 61))
      assert.deepStrictEqual(yield* pages.page(ann, { ...newest, sinceId: 97n }), [100n, 99n, 98n])
      assert.deepStrictEqual(yield* pages.page(ann, { ...newest, maxId: 75n, sinceId: 72n, limit: 40 }), [74n, 73n])
      assert.deepStrictEqual(yield* pages.page(bob, newest), [3n, 2n, 1n])
      assert.deepStrictEqual(yield* pages.page(bob, { ...newest, maxId: 2n, limit: 40 }), [1n], "all is kept: the end is known")
      assert.deepStrictEqual(read.map(({ author }) => author), [ann, bob])
    }))

  it.live("comes from the database beyond what is kept, upwards, and for pictures", () =>
    Effect.gen(function*() {
      const { pages, read } = yield* withPages([[ann, 100]])
      assert.deepStrictEqual(yield* pages.page(ann, { ...newest, maxId: 70n }), descending(69, 50), "only 61 and above are kept")
      assert.deepStrictEqual(yield* pages.page(ann, { ...newest, minId: 95n, limit: 2 }), [97n, 96n])
      assert.deepStrictEqual(yield* pages.page(ann, { ...newest, limit: 100 }), descending(100, 1))
      yield* pages.page(ann, { ...newest, onlyMedia: true })
      assert.lengthOf(read, 5)
    }))

  it.live("is kept apart by what it leaves out", () =>
    Effect.gen(function*() {
      const { pages, read } = yield* withPages([[ann, 6]])
      assert.deepStrictEqual(yield* pages.page(ann, { ...newest, excludeReplies: true }), [6n, 4n, 2n])
      assert.deepStrictEqual(yield* pages.page(ann, newest), descending(6, 1))
      assert.deepStrictEqual(read.map(({ query }) => [query.excludeReplies, query.excludeReposts, query.includePrivate]), [[true, false, true], [false, false, true]])
      yield* pages.page(ann, { ...newest, excludeReposts: true, includePrivate: false })
      assert.deepStrictEqual([read[2]!.author, read[2]!.query.excludeReposts, read[2]!.query.includePrivate], [ann, true, false])
    }))

  it.live("has one post more once it is dropped, whatever it leaves out, and others stay", () =>
    Effect.gen(function*() {
      const { pages, posts, read } = yield* withPages([[ann, 4], [bob, 1]])
      const filtered = { ...newest, excludeReplies: true }
      yield* Effect.all([pages.page(ann, newest), pages.page(ann, filtered), pages.page(bob, newest)])
      posts.get(ann)!.push(6n)
      assert.deepStrictEqual(yield* pages.page(ann, filtered), [4n, 2n])
      pages.drop(ann)
      assert.deepStrictEqual(yield* pages.page(ann, filtered), [6n, 4n, 2n])
      assert.deepStrictEqual(yield* pages.page(ann, newest), [6n, 4n, 3n, 2n, 1n])
      yield* pages.page(bob, newest)
      assert.lengthOf(read.filter(({ author }) => author === bob), 1)
      pages.clear()
      yield* pages.page(bob, newest)
      assert.lengthOf(read.filter(({ author }) => author === bob), 2)
    }))
})
