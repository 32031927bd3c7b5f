/** Partitions of `posts` as the packing sees them, and the one that is being filled anew. */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

/** Holds ids from `fromId` (inclusive) to `toId`. */
export interface Partition {
  readonly name: string
  readonly fromId: bigint
  readonly toId: bigint
}

export interface Part extends Partition {
  readonly id: number
  readonly copiedTo: bigint
  /** Posts in the partition when it was begun, and of these how many are copied: for a bar of progress. */
  readonly total: bigint
  readonly posts: bigint
}

const idMin = -9_223_372_036_854_775_808n

/** Milliseconds for which a statement may wait for a lock that makes others wait behind it. */
export const lockMillis = 200

const boundPattern = /FROM \('?(MINVALUE|-?[0-9]+)'?\) TO \('?(-?[0-9]+)'?\)/

/** The oldest first. What has no end is left out: `posts_tail`. */
const partitions = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ name: string; bound: string }>`
      SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'posts'::regclass`,
    (rows) =>
      rows.flatMap(({ bound, name }): ReadonlyArray<Partition> => {
        const [, from, to] = boundPattern.exec(bound) ?? []
        if (from === undefined || to === undefined) return []
        return [{ name, fromId: from === "MINVALUE" ? idMin : BigInt(from), toId: BigInt(to) }]
      }).toSorted((a, b) => a.toId < b.toId ? -1 : 1)
  )

/** Partitions that lie wholly below `before`, have posts, and are not packed, the oldest first. */
export const waiting = (sql: SqlClient.SqlClient, before: bigint): Effect.Effect<ReadonlyArray<Partition>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const known = yield* sql<{ name: string }>`SELECT name FROM past_parts WHERE live`
    const packed = new Set(known.map((row) => row.name))
    const old = (yield* partitions(sql)).filter(({ name, toId }) => toId <= before && !packed.has(name))
    return yield* Effect.filter(old, ({ name }) =>
      Effect.map(sql.unsafe(`SELECT 1 FROM ${name} LIMIT 1`), (rows) => rows.length > 0))
  })

/** Undefined when nothing is being filled. */
export const filling = (sql: SqlClient.SqlClient): Effect.Effect<Part | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<Part>`
      SELECT id, name, from_id AS "fromId", to_id AS "toId", copied_to AS "copiedTo", posts_total AS total, posts
      FROM past_parts WHERE NOT live`,
    ([row]) => row
  )

/** The table that takes the partition's place. */
export const copyOf = ({ name }: Partition): string => `${name}_packed`

/** A check that holds for all posts of the partition. */
export const proofOf = ({ fromId, toId }: Partition): string => `id < ${toId}${fromId === idMin ? "" : ` AND id >= ${fromId}`}`

export const boundsOf = ({ fromId, toId }: Partition): string =>
  `FROM (${fromId === idMin ? "MINVALUE" : `'${fromId}'`}) TO ('${toId}')`

/** The columns of `posts`, whatever migrations added. */
export const columns = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<string>, SqlError.SqlError> =>
  Effect.map(
    sql<{ name: string }>`
      SELECT attname::text AS name FROM pg_attribute
      WHERE attrelid = 'posts'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    (rows) => rows.map((row) => row.name)
  )
