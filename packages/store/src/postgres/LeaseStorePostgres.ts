/** Machine ids on lease, by the database's clock. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { LeaseStore, MachineLease } from "../LeaseStore.ts"
import { operation } from "./statement.ts"

interface Row {
  readonly machine: number
  readonly holder: string
  readonly expiresAt: bigint
  readonly highWater: bigint
  readonly startAbove: bigint
  readonly databaseNow: bigint
}

const leaseOf = (row: Row | undefined): MachineLease | undefined =>
  row && {
    machine: row.machine,
    holder: row.holder,
    expiresAt: Number(row.expiresAt),
    highWater: Number(row.highWater),
    startAbove: Number(row.startAbove),
    databaseNow: Number(row.databaseNow)
  }

const now = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

const columns = `machine, holder, expires_at AS "expiresAt", high_water AS "highWater",
  start_above AS "startAbove", clock.now AS "databaseNow"`

export const make = Effect.map(SqlClient.SqlClient, (sql): LeaseStore["Service"] => {
  const clock = sql.literal(`(SELECT ${now} AS now) AS clock`)
  const returning = sql.literal(columns)

  /** The machine that has been free for longest: its high water has most likely passed. */
  const acquire: LeaseStore["Service"]["acquire"] = (block, holder, leaseMillis, aheadMillis) =>
    sql`INSERT INTO machine_leases (machine) SELECT generate_series(${block.first}::int, ${block.last}::int)
        ON CONFLICT DO NOTHING`.pipe(
      Effect.andThen(sql<Row>`
        WITH free AS (
          SELECT machine AS free FROM machine_leases, ${clock}
          WHERE machine BETWEEN ${block.first} AND ${block.last} AND (holder IS NULL OR expires_at <= clock.now)
          ORDER BY expires_at, machine LIMIT 1 FOR UPDATE OF machine_leases SKIP LOCKED
        )
        UPDATE machine_leases SET holder = ${holder}, expires_at = clock.now + ${leaseMillis}::bigint,
          start_above = high_water, high_water = greatest(clock.now, high_water) + ${aheadMillis}::bigint
        FROM free, ${clock} WHERE machine = free RETURNING ${returning}`),
      Effect.map(([row]) => leaseOf(row)),
      (effect) => operation("LeaseStore.acquire", effect)
    )

  const renew: LeaseStore["Service"]["renew"] = (machine, holder, leaseMillis, aheadMillis) =>
    operation(
      "LeaseStore.renew",
      Effect.map(
        sql<Row>`
          UPDATE machine_leases SET expires_at = clock.now + ${leaseMillis}::bigint,
            high_water = greatest(high_water, clock.now + ${aheadMillis}::bigint)
          FROM ${clock} WHERE machine = ${machine} AND holder = ${holder} RETURNING ${returning}`,
        ([row]) => leaseOf(row)
      )
    )

  const release = (machine: number, holder: string) =>
    Effect.asVoid(sql`
      UPDATE machine_leases SET holder = NULL, expires_at = ${sql.literal(now)}
      WHERE machine = ${machine} AND holder = ${holder}`)

  return {
    acquire,
    renew,
    release: (machine, holder) => operation("LeaseStore.release", release(machine, holder))
  }
})
