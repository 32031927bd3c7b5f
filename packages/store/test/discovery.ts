/** Posts with ids of their time, as the search and trends need them. */
import { assert } from "@effect/vitest"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import * as SearchQuery from "@rookery/domain/SearchQuery"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import { isDeepStrictEqual } from "node:util"
import type { AccountRow } from "../src/AccountStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { type PostSearch, SearchStore } from "../src/SearchStore.ts"
import { row, versionOf } from "./database.ts"

let sequence = 0

/** A new id of that time. */
export const idAt = (millis: number): PostId => Snowflake.make(millis, 7, sequence++ % 4_096) as PostId

/** Publishes a post as if it were written at `millis`; it is not in the search yet. */
export const postAt = (author: AccountRow, millis: number, text: string, draft: Partial<PostDraft> = {}) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const wanted = { ...row(author, yield* versionOf(author), { ...draft, text }), id: idAt(millis) }
    const [result] = yield* posts.publish([wanted])
    return result?._tag === "Published" ? result.post : yield* Effect.die(new Error(`not published: ${result?._tag}`))
  })

/** Until nothing is left to take up. */
export const catchUp = Effect.gen(function*() {
  const { index } = yield* SearchStore
  const until = Date.now() + 20_000
  while ((yield* index)?.more !== false) if (Date.now() > until) throw new Error("the search did not catch up in 20 s")
})

/** Catches up until `ask` answers `expected`: changes wait for every transaction of the server that began before them. */
export const comesTo = <A, E, R>(ask: Effect.Effect<A, E, R>, expected: A) =>
  Effect.gen(function*() {
    const until = Date.now() + 20_000
    while (true) {
      yield* catchUp
      const answer = yield* ask
      if (isDeepStrictEqual(answer, expected)) return
      if (Date.now() > until) assert.deepStrictEqual(answer, expected)
    }
  })

/** All ids that are found, page by page, in the order in which they come. */
export const findAll = (viewer: AccountId, text: string, bounds: Partial<PostSearch> = {}) =>
  Effect.gen(function*() {
    const search = yield* SearchStore
    const { above, below, terms } = SearchQuery.parse(text)
    const conditions = terms.filter((term) => term.kind !== "from")
    let asked: PostSearch = {
      conditions, viewer, above, below: below ?? Snowflake.idMax, upwards: false, limit: 3, millis: 8_000, ...bounds
    }
    const found: Array<PostId> = []
    for (let pages = 0; pages < 1_000; pages++) {
      const { hits, isWhole, reached } = yield* search.posts(asked)
      found.push(...hits.map(({ id }) => id))
      if (isWhole) return found
      asked = { ...asked, ...(asked.upwards ? { above: reached } : { below: reached }) }
    }
    throw new Error("no end after 1,000 pages")
  })
