/** One partition of `posts` for each month, created ahead of time. */
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Months beyond the current one for which there are partitions. Every partition is one more look for each author of a timeline, so few are empty. */
const monthsAhead = 1

/** One name for the advisory lock under which the schema changes. */
export const schemaLock = 7_215_030_001n

const tail = "posts_tail"

/** Months are counted from year 0. */
const monthOf = (time: Date): number => time.getUTCFullYear() * 12 + time.getUTCMonth()
const floorOf = (month: number): bigint => Snowflake.floorAt(Date.UTC(Math.floor(month / 12), month % 12, 1))
const nameOf = (month: number): string =>
  `posts_${Math.floor(month / 12)}${String((month % 12) + 1).padStart(2, "0")}`
const monthNamed = (name: string): number => Number(name.slice(6, 10)) * 12 + Number(name.slice(10)) - 1

/**
 * Creates the partitions of the months to come, where they are missing. Cheap when there is nothing to do; otherwise
 * posts are locked for a moment. Posts that already fell into the tail are moved. Safe to run anywhere at any time.
 */
export const ensurePartitions = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ name: string; now: Date }>`
    SELECT c.relname::text AS name, now() AS now FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'posts'::regclass
    UNION ALL SELECT '', now()`
  const wanted = monthOf(rows[0]!.now) + monthsAhead
  const last = Math.max(...rows.map((row) => /^posts_[0-9]{6}$/.test(row.name) ? monthNamed(row.name) : -1))
  if (last < wanted) yield* sql.withTransaction(extend(sql, rows.length > 1, last, wanted))
})

const partition = (name: string, from: string, to: string): string =>
  `CREATE TABLE ${name} PARTITION OF posts FOR VALUES FROM (${from}) TO (${to})`

/** Takes the tail off, puts months and a new tail in its place, and moves what was in it. */
const extend = (sql: SqlClient.SqlClient, exists: boolean, last: number, wanted: number) =>
  Effect.gen(function*() {
    yield* sql`SELECT pg_advisory_xact_lock(${schemaLock})`
    const done = yield* sql`SELECT 1 FROM pg_class WHERE relname = ${nameOf(wanted)}`
    if (done.length > 0) return
    const first = last === -1 ? wanted - monthsAhead : last + 1
    if (exists) {
      yield* sql.unsafe(`ALTER TABLE posts DETACH PARTITION ${tail}`)
      yield* sql.unsafe(`ALTER TABLE ${tail} RENAME TO ${tail}_old`)
    } else yield* sql.unsafe(partition("posts_early", "MINVALUE", `${floorOf(first)}`))
    for (let month = first; month <= wanted; month++) {
      yield* sql.unsafe(partition(nameOf(month), `${floorOf(month)}`, `${floorOf(month + 1)}`))
    }
    yield* sql.unsafe(partition(tail, `${floorOf(wanted + 1)}`, "MAXVALUE"))
    if (!exists) return
    // Rows that move are no news to other datacenters.
    yield* sql`SELECT set_config('rookery.quiet', 'on', true)`
    yield* sql.unsafe(`INSERT INTO posts SELECT * FROM ${tail}_old`)
    yield* sql`SELECT set_config('rookery.quiet', 'off', true)`
    yield* sql.unsafe(`DROP TABLE ${tail}_old`)
  })
