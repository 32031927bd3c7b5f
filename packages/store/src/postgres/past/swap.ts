/** Puts the copy of a partition in its place, when it is filled: the only moment at which others may have to wait. */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { schemaLock } from "../partitions.ts"
import { int8s } from "../statement.ts"
import { boundsOf, columns, copyOf, lockMillis, type Part } from "./parts.ts"

/** Changes that one transaction takes over, and how many may be left for the swap itself, which does it under the lock. */
const drainedMax = 5_000
const leftMax = 500

interface Index {
  /** From `USING` on, which says all that matters. */
  readonly shape: string
  readonly isUnique: boolean
  readonly name: string
  readonly isValid: boolean
}

const indexesOf = (sql: SqlClient.SqlClient, table: string) =>
  sql<Index>`
    SELECT regexp_replace(regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', 'USING '), ' WITH [(][^)]*[)]', '') AS shape,
      i.indisunique AS "isUnique", c.relname::text AS name, i.indisvalid AS "isValid"
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ${table}::text::regclass ORDER BY i.indexrelid`

/** Pages are full: next to nothing will be inserted. */
const createIndex = (table: string, { isUnique, shape }: Index): string => {
  const where = shape.indexOf(" WHERE ")
  const [head, tail] = where === -1 ? [shape, ""] : [shape.slice(0, where), shape.slice(where)]
  return `CREATE ${isUnique ? "UNIQUE " : ""}INDEX CONCURRENTLY ON ${table} ${head} WITH (fillfactor = 100)${tail}`
}

/**
 * The statements that bring the indexes of the copy to those of the partition, one after the other, outside of any transaction:
 * built that way they hold no transaction open, behind which arrivals would wait. An unfinished index of before is made anew.
 */
export const indexStatements = (sql: SqlClient.SqlClient, part: Part): Effect.Effect<ReadonlyArray<string>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const wanted = yield* indexesOf(sql, part.name)
    const there = yield* indexesOf(sql, copyOf(part))
    const broken = there.filter((index) => !index.isValid)
    const done = new Set(there.filter((index) => index.isValid).map((index) => index.shape))
    const missing = wanted.filter((index) => !done.has(index.shape))
    if (missing.length === 0) return []
    return [
      ...broken.map((index) => `DROP INDEX ${index.name}`),
      ...missing.map((index) => createIndex(copyOf(part), index)),
      // Old rows are frozen once, and pages may be read from the index alone.
      `VACUUM (FREEZE, ANALYZE) ${copyOf(part)}`
    ]
  })

/** Takes what changed over into the copy, words and all; answers how many were left. A chunk must forget what it has of these. */
export const drain = (sql: SqlClient.SqlClient, part: Part): Effect.Effect<number, SqlError.SqlError> =>
  Effect.gen(function*() {
    const taken = yield* sql<{ id: bigint }>`
      DELETE FROM past_changes WHERE ctid = ANY(ARRAY(SELECT ctid FROM past_changes LIMIT ${drainedMax})) RETURNING id`
    if (taken.length === 0) return 0
    const ids = int8s([...new Set(taken.map((row) => row.id))])
    const names = sql.literal((yield* columns(sql)).join(", "))
    yield* sql`DELETE FROM ${sql.literal(copyOf(part))} WHERE id = ANY(${ids})`
    yield* sql`
      INSERT INTO ${sql.literal(copyOf(part))} (${names}) SELECT ${names} FROM ${sql.literal(part.name)} WHERE id = ANY(${ids})`
    yield* sql`INSERT INTO past_loose (id) SELECT unnest(${ids})`
    const [left] = yield* sql<{ n: bigint }>`SELECT count(*) AS n FROM (SELECT FROM past_changes LIMIT ${drainedMax}) c`
    return Number(left!.n)
  })

/** Only the catalog changes: the indexes are there, and the check of the copy proves its bounds. */
const exchange = (sql: SqlClient.SqlClient, part: Part) =>
  Effect.gen(function*() {
    const copy = copyOf(part)
    const key = (yield* indexesOf(sql, copy)).find((index) => index.isUnique)!
    yield* sql.unsafe(`ALTER TABLE ${copy} ADD PRIMARY KEY USING INDEX ${key.name}`)
    yield* sql.unsafe(`DROP TABLE ${part.name}`)
    yield* sql.unsafe(`ALTER TABLE posts ATTACH PARTITION ${copy} FOR VALUES ${boundsOf(part)}`)
    yield* sql.unsafe(`ALTER TABLE ${copy} DROP CONSTRAINT within`)
    yield* sql.unsafe(`ALTER TABLE ${copy} RENAME TO ${part.name}`)
    yield* sql`UPDATE past_parts SET live = true, finished_at = now() WHERE id = ${part.id}::int`
  })

/** Bytes before and after, with indexes; the chunks' table is shared by weight. Read before the lock: it takes a while. */
const measure = (sql: SqlClient.SqlClient, part: Part) =>
  sql`
    UPDATE past_parts SET bytes_before = pg_total_relation_size(${part.name}::text::regclass),
      bytes_after = pg_total_relation_size(${copyOf(part)}::text::regclass) + (
        SELECT (pg_total_relation_size('past_chunks') *
          (coalesce(sum(octet_length(data)) FILTER (WHERE part = ${part.id}::int), 0)::float8 / greatest(sum(octet_length(data)), 1)))::bigint
        FROM past_chunks
      )
    WHERE id = ${part.id}::int`

/**
 * One transaction: when little is left to take over, waits for the lock a moment at most, and swaps. Answers whether it did: not while much changes. Fails when the lock is not to be had.
 */
export const swap = (sql: SqlClient.SqlClient, part: Part): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    if ((yield* drain(sql, part)) > leftMax) return false
    yield* measure(sql, part)
    // Sends an autovacuum away, which nobody waits for; only then what makes others wait.
    yield* sql.unsafe("SET LOCAL lock_timeout = 3000")
    yield* sql.unsafe(`LOCK TABLE ${part.name} IN SHARE UPDATE EXCLUSIVE MODE`)
    yield* sql.unsafe(`SET LOCAL lock_timeout = ${lockMillis}`)
    yield* sql`SELECT pg_advisory_xact_lock(${schemaLock})`
    yield* sql.unsafe("LOCK TABLE ONLY posts IN ACCESS EXCLUSIVE MODE")
    if ((yield* drain(sql, part)) > 0) yield* Effect.die(new Error("more changed before the swap than it may take over"))
    yield* exchange(sql, part)
    return true
  })
