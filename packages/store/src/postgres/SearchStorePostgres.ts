/** Search in Postgres. An index of words has no order, so posts are searched in slices of time, the nearest first. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Marks from "@rookery/domain/SearchMarks"
import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { PostHit, PostHits, PostSearch, SearchStore } from "../SearchStore.ts"
import { learn, wanted } from "./searchFar.ts"
import { index } from "./searchIndex.ts"
import { beginningsOf, queryOf } from "./searchWords.ts"
import { operation } from "./statement.ts"

/** Names looked at for one search, and the time that it may take in milliseconds: a name that so many have is too short. */
const namesMax = 10_000
const namesMillisMax = 2_000

/** The most used tags that are looked through for a prefix, and the tags of a prefix that are. */
const topTagsMax = 2_000
const prefixTagsMax = 2_000

/** Ends after the last text that begins with it, in the order of bytes. */
const prefixEnd = "\u{10ffff}"

interface Span {
  readonly oldest: bigint | null
  readonly newest: bigint | null
}

interface IdRow {
  readonly id: AccountId
}

export const make = Effect.map(SqlClient.SqlClient, (sql): SearchStore["Service"] => {
  const span = Effect.map(
    sql<Span>`SELECT (SELECT min(post_id) FROM post_search) AS oldest, (SELECT max(post_id) FROM post_search) AS newest`,
    ([row]) => row!
  )

  const endAfter = (millis: number) =>
    sql`SELECT set_config('statement_timeout', ${String(Math.max(1, Math.ceil(millis)))}::text, true)`

  /** Whom the post is for is decided behind this; what nobody but its readers finds is left out here, since gaps cost. */
  const readable = (viewer: AccountId) =>
    sql`(h.visibility = 0 OR h.author = ${viewer}
      OR (h.visibility <= 2 AND EXISTS (SELECT FROM follows f WHERE f.follower = ${viewer} AND f.followee = h.author AND f.active))
      OR EXISTS (SELECT FROM post_mentions m WHERE m.account = ${viewer} AND m.post_id = h.post_id))`

  /** Materialised, so that the index of words is used and not the order of ids. */
  const slice = (search: PostSearch, { above, below, times }: Marks.Slice, limit: number) =>
    sql<PostHit>`
      WITH h AS MATERIALIZED (
        SELECT post_id, author, visibility, version FROM post_search
        WHERE words @@ ${queryOf(search.conditions, times)}::text::tsquery
      )
      SELECT h.post_id AS id, h.version FROM h
      WHERE h.post_id > ${above} AND h.post_id < ${below} AND ${readable(search.viewer)}
      ORDER BY h.post_id ${sql.literal(search.upwards ? "ASC" : "DESC")} LIMIT ${limit}`

  /** Slice after slice, noted in `found`, until there are enough, or none are left. */
  const walk = (search: PostSearch, found: Found) =>
    sql.withTransaction(Effect.gen(function*() {
      const until = performance.now() + search.millis
      yield* endAfter(search.millis)
      const { newest, oldest } = yield* span
      if (oldest === null || newest === null) return found.end()
      const above = larger(search.above, oldest - 1n)
      const below = smaller(search.below, newest + 1n)
      for (const part of search.upwards ? Marks.upwards(above, below) : Marks.downwards(above, below)) {
        const left = until - performance.now()
        if (left <= 0 && found.hasBegun()) return
        yield* endAfter(left)
        found.add(part, yield* slice(search, part, search.limit - found.hits.length))
        if (found.isFull()) return
      }
      found.end()
    }))

  const posts = (search: PostSearch): Effect.Effect<PostHits, SqlError.SqlError> =>
    Effect.suspend(() => {
      const found = makeFound(search)
      return walk(search, found).pipe(
        // What was found before the time ran out stands.
        Effect.catch((error) => error.reason._tag === "StatementTimeoutError" && found.hasBegun() ? Effect.void : Effect.fail(error)),
        Effect.map(found.result)
      )
    })

  const bounded = <A>(effect: Effect.Effect<A, SqlError.SqlError>) =>
    sql.withTransaction(Effect.andThen(endAfter(namesMillisMax), effect))

  const accounts = (words: ReadonlyArray<string>, limit: number) =>
    sql<IdRow>`
      WITH named AS MATERIALIZED (
        SELECT id FROM accounts WHERE name_words @@ ${beginningsOf(words)}::text::tsquery AND disabled_at IS NULL LIMIT ${namesMax}
      )
      SELECT n.id FROM named n JOIN authors w ON w.account = n.id ORDER BY w.followers DESC, n.id LIMIT ${limit}`

  const followees = (viewer: AccountId, words: ReadonlyArray<string>, limit: number) =>
    sql<IdRow>`
      SELECT a.id FROM follows f JOIN accounts a ON a.id = f.followee JOIN authors w ON w.account = a.id
      WHERE f.follower = ${viewer} AND f.active AND a.disabled_at IS NULL
        AND a.name_words @@ ${beginningsOf(words)}::text::tsquery
      ORDER BY w.followers DESC, a.id LIMIT ${limit}`

  const tags = (prefix: string, limit: number) =>
    sql<{ tag: string }>`
      WITH top AS MATERIALIZED (
        SELECT tag, posts FROM tags ORDER BY posts DESC LIMIT ${topTagsMax}
      ), begun AS MATERIALIZED (
        SELECT tag, posts FROM tags WHERE tag >= ${prefix} AND tag <= ${prefix + prefixEnd} ORDER BY tag LIMIT ${prefixTagsMax}
      ), found AS (
        SELECT * FROM top WHERE starts_with(tag, ${prefix}) UNION SELECT * FROM begun
      )
      SELECT tag FROM found WHERE posts > 0 ORDER BY tag = ${prefix} DESC, posts DESC, tag LIMIT ${limit}`

  const idsOf = (rows: ReadonlyArray<IdRow>) => rows.map((row) => row.id)

  return {
    posts: (search) => operation("SearchStore.posts", posts(search)),
    accounts: (words, limit) =>
      words.length === 0 ? Effect.succeed([]) : operation("SearchStore.accounts", Effect.map(bounded(accounts(words, limit)), idsOf)),
    followees: (viewer, words, limit) =>
      words.length === 0
        ? Effect.succeed([])
        : operation("SearchStore.followees", Effect.map(bounded(followees(viewer, words, limit)), idsOf)),
    tags: (prefix, limit) =>
      operation("SearchStore.tags", Effect.map(tags(prefix, limit), (rows) => rows.map((row) => row.tag))),
    index: index(sql, (step) => operation("SearchStore.index", step)),
    wanted: (home, since, limit) => operation("SearchStore.wanted", wanted(sql, home, since, limit)),
    learn: (told, unknown) => operation("SearchStore.learn", learn(sql, told, unknown))
  }
})

/** What a walk has found so far; it outlives a statement that is cut off. */
const makeFound = (search: PostSearch) => {
  const hits: Array<{ readonly id: PostId; readonly version: number }> = []
  let reached = search.upwards ? search.above : search.below
  let begun = false
  let isWhole = false
  const isFull = () => hits.length >= search.limit
  return {
    hits,
    isFull,
    hasBegun: () => begun,
    add: (part: Marks.Slice, more: ReadonlyArray<PostHit>): void => {
      begun = true
      hits.push(...more)
      const last = hits[hits.length - 1]
      // In a slice that filled the page there may be more, beyond the last one.
      reached = isFull() && last !== undefined ? last.id : search.upwards ? part.below - 1n : part.above + 1n
    },
    end: (): void => {
      isWhole = true
      reached = search.upwards ? search.below : search.above
    },
    result: (): PostHits => ({ hits, reached, isWhole })
  }
}
type Found = ReturnType<typeof makeFound>

const larger = (a: bigint, b: bigint): bigint => a > b ? a : b
const smaller = (a: bigint, b: bigint): bigint => a < b ? a : b
