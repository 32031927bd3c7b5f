/**
 * Brings `post_search` and `tags` to what the posts are, in steps that each are one transaction.
 *
 * Posts become visible out of the order of their ids, but no later than a transaction may run: everything above the
 * time of `Limits.overlapMillis` ago is looked at again in each step, and what is there is passed over. Edits and
 * deletions come from `post_changes`, up to the oldest transaction that is still open.
 */
import * as Limits from "@rookery/domain/Limits"
import * as PostParts from "@rookery/domain/PostParts"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Indexed } from "../SearchStore.ts"
import { chunkColumn, contents, unpacked } from "./past/reader.ts"
import type { StoredMentions } from "./postRows.ts"
import { vectorOf } from "./searchWords.ts"
import { int2s, int4s, int8s, texts } from "./statement.ts"

/** Posts, and changes, of one step. */
const stepMax = 2_000

export interface Row {
  readonly id: bigint
  readonly author: bigint
  readonly visibility: number
  readonly version: number
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  readonly language: string | null
  readonly isReply: boolean
  readonly hasMedia: boolean
  readonly mentions: StoredMentions
  /** To be taken out, or never to come in. */
  readonly isGone: boolean
  readonly isIndexed: boolean
  /** Of a post of another datacenter, whose text is not here. */
  readonly announcedTags: ReadonlyArray<string> | null
  /** The datacenter that has the words, if they are wanted here and are not. */
  readonly wordsAt: number | null
  /** Where the text is (past/reader.ts). */
  readonly content: number
  readonly chunk: bigint | null
}

interface Progress {
  readonly postsTo: bigint
  readonly changesFrom: string
  /** Milliseconds since 1970, by the database. */
  readonly now: number
  readonly oldestOpen: string
}

/** Nobody else goes on while this transaction is open; undefined when somebody does. */
const claim = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<Progress>`
      SELECT posts_to AS "postsTo", changes_from::text AS "changesFrom",
        (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now,
        pg_snapshot_xmin(pg_current_snapshot())::text AS "oldestOpen"
      FROM search_progress FOR UPDATE SKIP LOCKED`,
    ([row]) => row
  )

/** Whether somebody here may find a post of another datacenter: it is public, or its author is followed here, or it names somebody. */
const isFindable = `(p.visibility = 0 OR EXISTS (SELECT FROM authors a WHERE a.account = p.author AND a.followers > 0)
  OR EXISTS (SELECT FROM post_mentions m WHERE m.post_id = p.id))`

const selectRows = `
  SELECT p.id, p.author, p.visibility, p.version, p.text, p.spoiler, p.sensitive, p.language, p.mentions,
    p.reply_to IS NOT NULL AS "isReply", p.media IS NOT NULL AS "hasMedia", p.content, ${chunkColumn},
    p.deleted_at IS NOT NULL OR p.repost_of IS NOT NULL AS "isGone",
    EXISTS (SELECT FROM post_search s WHERE s.post_id = p.id) AS "isIndexed",
    CASE WHEN p.content = ${contents.elsewhere} THEN (SELECT array_agg(t.tag) FROM post_tags t WHERE t.post_id = p.id) END AS "announcedTags",
    CASE WHEN p.content = ${contents.elsewhere} AND ${isFindable} THEN home_of(p.id) END AS "wordsAt"
  FROM posts p`

export const rowsOf = (sql: SqlClient.SqlClient, ids: ReadonlyArray<bigint>): Effect.Effect<ReadonlyArray<Row>, SqlError.SqlError> => {
  const read = (wanted: ReadonlyArray<bigint>) => sql<Row>`${sql.literal(selectRows)} WHERE p.id = ANY(${int8s(wanted)})`
  return ids.length === 0 ? Effect.succeed([]) : Effect.flatMap(read(ids), (rows) => unpacked(sql, rows, read))
}

interface Look {
  readonly posts: bigint
  readonly last: bigint | null
  readonly missing: ReadonlyArray<bigint> | null
}

/** The next posts above `from`. Most of the young ones are there already: only of the others more than the id is read. */
const newPosts = (sql: SqlClient.SqlClient, from: bigint) =>
  Effect.gen(function*() {
    const [look] = yield* sql<Look>`
      SELECT count(*) AS posts, max(id) AS last, array_agg(id) FILTER (
        WHERE is_live AND NOT EXISTS (SELECT FROM post_search s WHERE s.post_id = p.id)
      ) AS missing
      FROM (
        SELECT id, deleted_at IS NULL AND repost_of IS NULL AS is_live FROM posts WHERE id > ${from} ORDER BY id LIMIT ${stepMax}
      ) p`
    const rows = yield* rowsOf(sql, look!.missing ?? [])
    return { rows, isFull: look!.posts === BigInt(stepMax), last: look!.last ?? from }
  })

/** Changed posts as they stand, and the last transaction that was looked at. */
const changedPosts = (sql: SqlClient.SqlClient, { changesFrom, oldestOpen }: Progress) =>
  Effect.gen(function*() {
    const changes = yield* sql<{ id: bigint; arrived: string }>`
      SELECT post_id AS id, arrived::text AS arrived FROM post_changes
      WHERE arrived >= ${changesFrom}::text::xid8 AND arrived < ${oldestOpen}::text::xid8
      ORDER BY arrived LIMIT ${stepMax}`
    const isFull = changes.length === stepMax
    const rows = yield* rowsOf(sql, [...new Set(changes.map((one) => one.id))])
    return { rows, isFull, changesTo: isFull ? changes[stepMax - 1]!.arrived : oldestOpen }
  })

const tagsOf = ({ announcedTags, text }: Row): ReadonlyArray<string> => announcedTags ?? PostParts.tagsOf(text)

const searched = (row: Row) => ({ ...row, tags: tagsOf(row), mentioned: (row.mentions ?? []).map(({ username }) => username) })

const addToTags = (sql: SqlClient.SqlClient, counts: ReadonlyMap<string, bigint>) =>
  counts.size === 0 ? Effect.void : sql`
    INSERT INTO tags AS t (tag, posts)
    SELECT * FROM unnest(${texts([...counts.keys()])}, ${int8s([...counts.values()])}) AS c (tag, posts) ORDER BY 1
    ON CONFLICT (tag) DO UPDATE SET posts = t.posts + excluded.posts`

/** Takes out what `post_search` has of these posts, with what they counted for in `tags`. */
const takeOut = (sql: SqlClient.SqlClient, ids: ReadonlyArray<bigint>) =>
  Effect.gen(function*() {
    const gone = yield* sql<{ tag: string; posts: bigint }>`
      WITH gone AS (DELETE FROM post_search WHERE post_id = ANY(${int8s(ids)}) RETURNING visibility, words)
      SELECT substr(w.lexeme, 2) AS tag, -count(*) AS posts FROM gone CROSS JOIN LATERAL unnest(gone.words) AS w
      WHERE gone.visibility = 0 AND left(w.lexeme, 1) = '#' GROUP BY 1`
    yield* addToTags(sql, new Map(gone.map(({ posts, tag }) => [tag, posts])))
  })

const countsOf = (rows: ReadonlyArray<Row>): ReadonlyMap<string, bigint> => {
  const counts = new Map<string, bigint>()
  for (const row of rows) {
    if (row.visibility !== 0) continue
    for (const tag of tagsOf(row)) counts.set(tag, (counts.get(tag) ?? 0n) + 1n)
  }
  return counts
}

const insert = (sql: SqlClient.SqlClient, rows: ReadonlyArray<Row>) =>
  sql`
    INSERT INTO post_search (post_id, author, visibility, version, words_at, words)
    SELECT id, author, visibility, version, nullif(words_at, -1), words::tsvector
    FROM unnest(${int8s(rows.map((row) => row.id))}, ${int8s(rows.map((row) => row.author))},
      ${int2s(rows.map((row) => row.visibility))}, ${int4s(rows.map((row) => row.version))}, ${int2s(rows.map((row) => row.wordsAt ?? -1))},
      ${texts(rows.map((row) => vectorOf(searched(row))))}) AS r (id, author, visibility, version, words_at, words)`

/** What is there already is taken out first, with its tags. */
export const replace = (sql: SqlClient.SqlClient, rows: ReadonlyArray<Row>): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const old = rows.filter((row) => row.isIndexed).map((row) => row.id)
    if (old.length > 0) yield* takeOut(sql, old)
    const current = rows.filter((row) => !row.isGone)
    if (current.length === 0) return
    yield* insert(sql, current)
    yield* addToTags(sql, countsOf(current))
  })

const withoutRepeats = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => [...new Map(rows.map((row) => [row.id, row])).values()]

interface Step extends Indexed {
  /** The last post that was looked at. */
  readonly last: bigint
}

/** Posts above `from`, or above what is known to be done; undefined while another process makes a step. */
const step = (sql: SqlClient.SqlClient, from: bigint): Effect.Effect<Step | undefined, SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    const progress = yield* claim(sql)
    if (progress === undefined) return undefined
    const start = larger(from, progress.postsTo)
    const fresh = yield* newPosts(sql, start)
    const changed = yield* changedPosts(sql, progress)
    const rows = withoutRepeats([...fresh.rows, ...changed.rows])
    yield* replace(sql, rows)
    const { isFull, last } = fresh
    const settled = Snowflake.floorAt(Math.floor(progress.now) - Limits.overlapMillis)
    const postsTo = larger(progress.postsTo, isFull && last < settled ? last : settled)
    yield* sql`UPDATE search_progress SET posts_to = ${postsTo}, changes_from = ${changed.changesTo}::text::xid8`
    return { posts: rows.length, more: changed.isFull || isFull, last }
  }))

const larger = (a: bigint, b: bigint): bigint => a > b ? a : b

/** Steps in one run: what is left then waits for the next. */
const stepsMax = 20

/** Steps until nothing is left, each `run` by the caller's means; undefined when another process makes them. */
export const index = <E>(
  sql: SqlClient.SqlClient,
  run: (step: Effect.Effect<Step | undefined, SqlError.SqlError>) => Effect.Effect<Step | undefined, E>
): Effect.Effect<Indexed | undefined, E> =>
  Effect.gen(function*() {
    let posts = 0
    let from = 0n
    for (let i = 0; i < stepsMax; i++) {
      const made = yield* run(step(sql, from))
      if (made === undefined) return i === 0 ? undefined : { posts, more: true }
      posts += made.posts
      from = made.last
      if (!made.more) return { posts, more: false }
    }
    return { posts, more: true }
  })
