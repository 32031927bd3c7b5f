/** Arrivals in Postgres, by the transactions that brought them (`arrived`), below the oldest that is still open. */
import type { AccountId } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type Arrival, type ArrivalKind, arrivalKinds, type ArrivalStore, type Arrivals, type Position, positionAgeMax } from "../ArrivalStore.ts"
import { standing } from "./notificationRows.ts"
import { changeKinds } from "./postChanges.ts"
import { operation } from "./statement.ts"

type Store = ArrivalStore["Service"]

interface SnapshotRow {
  readonly oldest: bigint
  readonly next: bigint
  readonly millis: number
}

interface ArrivalRow {
  readonly kind: ArrivalKind
  readonly id: bigint
  readonly transaction: bigint
  readonly millis: number
}

/**
 * Ids are minted before their transaction starts, by no more than one operation takes; and it runs no longer than that. What comes from
 * another datacenter later than an overlap stands among the changes.
 */
const lookBackMillis = 2 * Limits.overlapMillis

const snapshotColumns = `
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest,
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next,
  (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS millis`

const settledAt = (row: SnapshotRow): Position => ({
  transaction: row.oldest,
  kind: 0,
  id: 0n,
  millis: Math.floor(row.millis)
})

const arrivalOf = (row: ArrivalRow): Arrival => ({
  kind: row.kind,
  id: row.id,
  position: {
    transaction: row.transaction,
    kind: row.kind,
    id: row.id,
    millis: row.millis > 0 ? Math.floor(row.millis) : Snowflake.millisOf(row.id)
  }
})

export const make = Effect.map(SqlClient.SqlClient, (sql): Store => {
  const snapshot = Effect.map(sql<SnapshotRow>`SELECT ${sql.literal(snapshotColumns)}`, ([row]) => row!)

  /** `oldest` is of this statement's own snapshot: what lies below it is visible here, or will never be. */
  const rows = (account: AccountId, from: Position, limit: number) => {
    const since = sql`${String(from.transaction)}::text::xid8`
    const range = (column: string) => sql`${sql.literal(column)} >= ${since} AND ${sql.literal(column)} < s.oldest`
    const floor = Snowflake.floorAt(from.millis - lookBackMillis)
    return sql<ArrivalRow & { oldest: bigint; next: bigint; now: number }>`
      WITH s AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS oldest), authors AS MATERIALIZED (
        SELECT followee AS author FROM follows WHERE follower = ${account} AND active UNION ALL SELECT ${account}
      ), found AS (
        SELECT ${arrivalKinds.update}::int AS kind, e.id, e.arrived, 0::float8 AS millis
        FROM authors CROSS JOIN s CROSS JOIN LATERAL (
          SELECT p.id, p.arrived FROM posts p
          WHERE p.author = authors.author AND p.deleted_at IS NULL AND p.id >= ${floor} AND ${range("p.arrived")}
            AND (p.visibility < 3 OR p.author = ${account})
        ) e
        UNION ALL
        SELECT c.kind, c.post_id, c.arrived, extract(epoch FROM c.created_at) * 1000
        FROM s JOIN post_changes c ON ${range("c.arrived")} JOIN authors ON authors.author = c.author
        WHERE c.kind <> ${changeKinds.late} OR EXISTS (SELECT FROM posts p WHERE p.id = c.post_id AND p.deleted_at IS NULL AND p.visibility < 3)
        UNION ALL
        SELECT ${arrivalKinds.notification}::int, n.id, n.arrived, extract(epoch FROM n.created_at) * 1000
        FROM s JOIN notifications n ON n.account = ${account} AND ${range("n.arrived")}
        WHERE NOT n.filtered AND ${sql.literal(standing)}
      ), page AS (
        -- Who reads from far back finds a late post by its id, too.
        SELECT kind, id, arrived, max(millis) AS millis FROM found
        WHERE (arrived, kind, id) > (${since}, ${from.kind}::int, ${from.id}::bigint)
        GROUP BY arrived, kind, id ORDER BY arrived, kind, id LIMIT ${limit}
      )
      SELECT snap.oldest, snap.next, snap.millis AS now, page.kind, page.id, page.arrived::text::bigint AS transaction, page.millis
      FROM (SELECT ${sql.literal(snapshotColumns)}) snap LEFT JOIN page ON true
      ORDER BY page.arrived, page.kind, page.id`
  }

  const isReadable = (from: Position, now: SnapshotRow): boolean =>
    from.transaction <= now.next && from.millis > now.millis - positionAgeMax

  const after = (account: AccountId, from: Position, limit: number) =>
    Effect.map(rows(account, from, limit), (found): Arrivals | undefined => {
      const { next, now, oldest } = found[0]!
      if (!isReadable(from, { oldest, next, millis: now })) return undefined
      const arrivals = found[0]!.id === null ? [] : found.map(arrivalOf)
      const more = arrivals.length === limit
      const settled = settledAt({ oldest, next, millis: now })
      const isAhead = settled.transaction >= from.transaction
      return {
        arrivals,
        position: more ? arrivals[arrivals.length - 1]!.position : isAhead ? settled : from,
        more,
        unsettled: oldest < next
      }
    })

  return {
    now: operation("ArrivalStore.now", Effect.map(snapshot, settledAt)),
    after: (account, from, limit) => operation("ArrivalStore.after", after(account, from, limit))
  }
})
