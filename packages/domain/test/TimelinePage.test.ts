import { assert, describe, it } from "@effect/vitest"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Page from "@rookery/domain/TimelinePage"
import * as Window from "@rookery/domain/TimelineWindow"
import { Schema } from "effect"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Id = between(1, 60)

/** A source: its capacity, its posts, and a floor raised by hand. Ids cross the border between two words. */
const Source = Schema.Struct({
  capacity: between(1, 25),
  posts: Schema.Array(Id),
  floor: Schema.Literals([0, 0, 10, 35])
})
const Sources = Schema.NonEmptyArray(Source)

const base = 0x5_ffff_ffe0n
const idOf = (n: number): bigint => base + BigInt(n)
const hi = (id: bigint) => Number(id >> 32n)
const lo = (id: bigint) => Number(id & 0xffff_ffffn)

const windowOf = (source: typeof Source.Type): Window.TimelineWindow => {
  const window = Window.make(source.capacity)
  for (const n of source.posts) Window.insert(window, hi(idOf(n)), lo(idOf(n)), n)
  if (source.floor > 0) Window.raiseFloor(window, hi(idOf(source.floor)), lo(idOf(source.floor)))
  return window
}

/** Everything that the sources were ever given, newest first: what the database would hold. */
const everything = (sources: ReadonlyArray<typeof Source.Type>): Array<bigint> =>
  [...new Set(sources.flatMap((source) => source.posts))].map(idOf).sort((a, b) => (a < b ? 1 : -1))

const query = (part: Partial<Page.PageQuery>): Page.PageQuery => ({ maxId: undefined, sinceId: 0n, minId: 0n, limit: 20, ...part })

/** The page by the definition, from all posts. */
const naive = (ids: Array<bigint>, { limit, maxId, minId, sinceId }: Page.PageQuery): Array<bigint> => {
  const within = ids.filter((id) => (maxId === undefined || id < maxId) && id > minId && id > sinceId)
  return minId > 0n ? within.slice(Math.max(0, within.length - limit)) : within.slice(0, limit)
}

const Bound = Schema.Literals([0, 1, 15, 34, 36, 59])
const Query = Schema.Struct({ maxId: Bound, sinceId: Bound, minId: Bound, limit: between(1, 12) })
const queryOf = (parts: typeof Query.Type): Page.PageQuery => ({
  maxId: parts.maxId === 0 ? undefined : idOf(parts.maxId),
  sinceId: parts.sinceId === 0 ? 0n : idOf(parts.sinceId),
  minId: parts.minId === 0 ? 0n : idOf(parts.minId),
  limit: parts.limit
})

describe("TimelinePage", () => {
  it.prop("is the naive merge where it is complete, the newest part of it elsewhere, and never below the highest floor", {
    sources: Sources,
    query: Query
  }, ({ query: parts, sources }) => {
    const page = Page.read(sources.map(windowOf), queryOf(parts))
    const ids = page.entries.map((entry) => entry.id)
    const expected = naive(everything(sources), queryOf(parts))
    for (const id of ids) assert.isTrue(id >= page.floor, `${id} below the floor ${page.floor}`)
    if (page.complete) assert.deepStrictEqual(ids, expected)
    else assert.deepStrictEqual(ids, expected.filter((id) => queryOf(parts).minId === 0n && id >= page.floor))
    for (const { authorNo, id } of page.entries) assert.strictEqual(idOf(authorNo), id)
  }, { arbitrary: { runs: 600 } })

  it.prop("a walk down visits every post once, the database answering below the floor", {
    sources: Sources,
    limit: between(1, 7)
  }, ({ limit, sources }) => {
    const windows = sources.map(windowOf)
    const all = everything(sources)
    const seen: Array<bigint> = []
    let maxId: bigint | undefined
    for (let pages = 0; pages < 70; pages++) {
      const memory = Page.read(windows, query({ maxId, limit }))
      const page = memory.entries.map((entry) => entry.id)
      if (!memory.complete) {
        const below = page.at(-1) ?? (maxId !== undefined && maxId < memory.floor ? maxId : undefined)
        page.push(...naive(all, query({ maxId: below ?? maxId, limit: limit - page.length })))
      }
      seen.push(...page)
      if (page.length < limit) break
      maxId = page.at(-1)
    }
    assert.deepStrictEqual(seen, all)
  }, { arbitrary: { runs: 300 } })

  it.prop("a walk up by min_id visits every post above the floor once", {
    sources: Sources,
    limit: between(1, 7)
  }, ({ limit, sources }) => {
    const windows = sources.map(windowOf)
    const floor = Page.highestFloor(windows)
    const start = floor === 0n ? 1n : floor
    const seen: Array<bigint> = []
    let minId = start - (floor === 0n ? 0n : 1n)
    for (let pages = 0; pages < 70; pages++) {
      const memory = Page.read(windows, query({ minId, limit }))
      assert.isTrue(memory.complete)
      seen.unshift(...memory.entries.map((entry) => entry.id))
      if (memory.entries.length < limit) break
      minId = memory.entries[0]!.id
    }
    assert.deepStrictEqual(seen, everything(sources).filter((id) => id >= floor))
  }, { arbitrary: { runs: 300 } })

  it("cannot answer a page right above an id below the floor", () => {
    const window = windowOf({ capacity: 2, posts: [1, 2, 3], floor: 0 })
    assert.isFalse(Page.read([window], query({ minId: idOf(0) })).complete)
    assert.isTrue(Page.read([window], query({ minId: idOf(1) })).complete)
  })

  it("without a source there is nothing, and that is all", () => {
    assert.deepStrictEqual(Page.read([], query({})), { entries: [], complete: true, floor: 0n })
  })

  it("leaves every page to the database where the window was released meanwhile", () => {
    const window = windowOf({ capacity: 25, posts: [1, 2, 3], floor: 0 })
    Window.release(window)
    for (const part of [{}, { maxId: idOf(3) }, { sinceId: idOf(1) }, { minId: idOf(1) }]) {
      const page = Page.read([window], query(part))
      assert.deepStrictEqual([page.entries, page.complete], [[], false])
      assert.isAtMost(Number(page.floor - Snowflake.idMax), 0, "a floor that Postgres takes as an id")
    }
  })
})
