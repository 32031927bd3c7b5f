/** What an operator wants to see at a glance: who runs, which shards they hold, what waits. */
import { OutboxStore } from "@rookery/store/OutboxStore"
import { AccountStore } from "@rookery/store/AccountStore"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Exclusivity from "../layers/Exclusivity.ts"
import * as processName from "../layers/processName.ts"
import { PREFIX } from "../layers/MemberStorage.ts"

export interface MemberStatus {
  readonly address: string
  readonly healthy: boolean
  readonly kind: "runner" | "front"
  /** Locks that it holds, by the database. */
  readonly shards: number
  readonly heartbeatSeconds: number
  /** Where its metrics are, if it said so. */
  readonly opsUrl: string | undefined
}

/**
 * Members by the rows that they register, with their locks. A lock belongs to a session, and a session says by its name
 * whose it is (`layers/processName.ts`).
 */
export const members = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [table] = yield* sql<{ exists: boolean }>`SELECT to_regclass(${`${PREFIX}_runners`}) IS NOT NULL AS exists`
  if (!table?.exists) return []
  const rows = yield* sql<{ address: string; healthy: boolean; runner: string; age: number; name: string | null; shards: bigint }>`
    SELECT r.address, r.healthy, r.runner, extract(epoch FROM now() - r.last_heartbeat)::float8 AS age, s.name, coalesce(s.shards, 0) AS shards
    FROM ${sql(`${PREFIX}_runners`)} r
    LEFT JOIN (
      SELECT a.application_name AS name, count(l.objid) AS shards
      FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
      WHERE a.datname = current_database() GROUP BY 1
    ) s ON s.name LIKE 'rookery % ' || r.address || ' %'
    ORDER BY r.address`
  return rows.map((row): MemberStatus => ({
    address: row.address,
    healthy: row.healthy,
    kind: row.runner.includes("\"groups\":[]") ? "front" : "runner",
    shards: Number(row.shards),
    heartbeatSeconds: row.age,
    opsUrl: row.name === null ? undefined : processName.parse(row.name)?.opsUrl
  }))
})

/** The one-process program that serves the database, if one does: it registers nowhere, and every shard is its. */
export const alone = Effect.map(Exclusivity.loneSession, (session) =>
  session === undefined ? undefined : { opsUrl: processName.parse(session)?.opsUrl })

/** One gauge or counter out of a member's metrics; undefined when it does not answer. */
export const metric = (opsUrl: string, name: string): Effect.Effect<number | undefined> =>
  Effect.tryPromise(async () => {
    const response = await fetch(`${opsUrl}/metrics`, { signal: AbortSignal.timeout(2000) })
    const line = (await response.text()).split("\n").find((text) => text.startsWith(`${name} `))
    return line === undefined ? undefined : Number(line.slice(name.length + 1))
  }).pipe(Effect.orElseSucceed(() => undefined))

export const backlog = Effect.flatMap(OutboxStore, (outbox) => outbox.backlog)
export const totals = Effect.flatMap(AccountStore, (accounts) => accounts.totals)
