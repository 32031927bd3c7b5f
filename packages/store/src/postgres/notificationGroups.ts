/** Notifications shown in groups: a page walks from group to group, so that a group of a hundred thousand is one step. */
import type { AccountId } from "@rookery/domain/Ids"
import * as Notification from "@rookery/domain/Notification"
import type { NotificationKind } from "@rookery/domain/Notification"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Effect } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import { type NotificationFilter, type NotificationGroup, samplesMax } from "../NotificationStore.ts"
import { kindNumbers, objectOf, shown, standing } from "./notificationRows.ts"

interface GroupRow {
  readonly groupKey: string
  readonly kind: number
  readonly object: bigint
  readonly newestId: bigint
  readonly count: bigint
  readonly sample: ReadonlyArray<AccountId>
  readonly pageMinId: bigint
  readonly pageMaxId: bigint
  readonly pageNewestAt: Date
}

const groupOf = (row: GroupRow): NotificationGroup => ({
  ...row,
  kind: Notification.kinds[row.kind]!,
  object: objectOf(row.object),
  count: Number(row.count),
  pageNewestAt: row.pageNewestAt.getTime()
})

const idMax = 9_223_372_036_854_775_807n

/** The key under which `n` is shown. */
const keyOf = (sql: SqlClient.SqlClient, grouped: ReadonlyArray<NotificationKind>): Statement.Fragment =>
  sql`CASE WHEN n.group_key IS NOT NULL AND n.kind = ANY(${kindNumbers(grouped)}) THEN n.group_key
    ELSE 'ungrouped-' || n.id END`

/**
 * From `reps (id, key, kind, object, from_account, created_at)` of `account`: what each stands for. People whom the
 * owner does not hear any more are counted, and not among the samples: counting would cost a look-up for each.
 */
const described = (
  sql: SqlClient.SqlClient,
  account: AccountId,
  from: Statement.Fragment,
  below: bigint
): Statement.Fragment =>
  sql`
    SELECT reps.key AS "groupKey", reps.kind, reps.object, whole."newestId", whole.count, newest.sample,
      page."pageMinId", page."pageMaxId", page."pageNewestAt"
    FROM reps
    CROSS JOIN LATERAL (
      SELECT coalesce(max(n.id), reps.id) AS "newestId", greatest(count(*), 1) AS count FROM notifications n
      WHERE n.account = ${account} AND n.group_key = reps.key AND NOT n.dismissed
    ) whole
    CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(s.from_account ORDER BY s.id DESC), ARRAY[reps.from_account]) AS sample FROM (
        SELECT n.id, n.from_account FROM notifications n
        WHERE n.account = ${account} AND n.group_key = reps.key AND ${sql.literal(standing)}
        ORDER BY n.id DESC LIMIT ${samplesMax}
      ) s
    ) newest
    CROSS JOIN LATERAL (
      SELECT coalesce(min(n.id), reps.id) AS "pageMinId", coalesce(max(n.id), reps.id) AS "pageMaxId",
        coalesce(max(n.created_at), reps.created_at) AS "pageNewestAt"
      FROM notifications n WHERE n.account = ${account} AND n.group_key = reps.key AND NOT n.dismissed
        AND n.id >= ${from} AND n.id < ${below}::bigint
    ) page
    ORDER BY reps.id DESC`

export const groups = (
  sql: SqlClient.SqlClient,
  account: AccountId,
  filter: NotificationFilter,
  query: PageQuery,
  grouped: ReadonlyArray<NotificationKind>
) => {
  const upwards = query.minId > 0n
  const above = query.minId > query.sinceId ? query.minId : query.sinceId
  const below = query.maxId ?? idMax
  const order = sql.literal(upwards ? "ASC" : "DESC")
  const key = keyOf(sql, grouped)
  const columns = sql`n.id, ${key} AS key, n.kind, n.object, n.from_account, n.created_at`
  const next = sql.literal(upwards ? "n.id > walk.id" : "n.id < walk.id")
  return Effect.map(
    sql<GroupRow>`
      WITH RECURSIVE walk AS (
        (SELECT ${columns}, ARRAY[${key}] AS seen FROM notifications n
         WHERE ${shown(sql, account, filter)} AND n.id > ${above} AND n.id < ${below} ORDER BY n.id ${order} LIMIT 1)
        UNION ALL
        SELECT step.*, walk.seen || step.key FROM walk CROSS JOIN LATERAL (
          SELECT ${columns} FROM notifications n
          WHERE ${shown(sql, account, filter)} AND n.id > ${above} AND n.id < ${below} AND ${next}
            AND (${key}) <> ALL(walk.seen)
          ORDER BY n.id ${order} LIMIT 1
        ) step
        WHERE cardinality(walk.seen) < ${query.limit}
      ), reps AS MATERIALIZED (SELECT id, key, kind, object, from_account, created_at FROM walk)
      ${described(sql, account, upwards ? sql`${above < idMax ? above + 1n : idMax}::bigint` : sql`(SELECT min(id) FROM reps)`, below)}`,
    (rows) => rows.map(groupOf)
  )
}

/** Of `n`: it is shown under this key, whether alone or in its group. */
const keyed = (sql: SqlClient.SqlClient, account: AccountId, groupKey: string): Statement.Fragment => {
  const alone = /^ungrouped-([0-9]{1,18})$/.exec(groupKey)
  return alone === null
    ? sql`n.account = ${account} AND n.group_key = ${groupKey}`
    : sql`n.account = ${account} AND n.id = ${BigInt(alone[1]!)}::bigint`
}

export const group = (sql: SqlClient.SqlClient, account: AccountId, groupKey: string) =>
  Effect.map(
    sql<GroupRow>`
      WITH reps AS MATERIALIZED (
        SELECT n.id, ${groupKey}::text AS key, n.kind, n.object, n.from_account, n.created_at FROM notifications n
        WHERE ${keyed(sql, account, groupKey)} AND ${sql.literal(standing)} ORDER BY n.id DESC LIMIT 1
      )
      ${described(sql, account, sql`0`, idMax)}`,
    ([row]) => row && groupOf(row)
  )

export const groupAccounts = (sql: SqlClient.SqlClient, account: AccountId, groupKey: string, limit: number) =>
  Effect.map(
    sql<{ from: AccountId }>`
      SELECT n.from_account AS "from" FROM notifications n
      WHERE ${keyed(sql, account, groupKey)} AND ${sql.literal(standing)} ORDER BY n.id DESC LIMIT ${limit}`,
    (rows) => rows.map((row) => row.from)
  )

export const dismissGroup = (sql: SqlClient.SqlClient, account: AccountId, groupKey: string) =>
  Effect.map(
    sql`UPDATE notifications n SET dismissed = true WHERE ${keyed(sql, account, groupKey)} AND NOT n.dismissed RETURNING 1`,
    (rows) => rows.length > 0
  )

/** Unread rows that are looked at to count their groups. */
const unreadRowsMax = 10_000

export const unreadGroups = (
  sql: SqlClient.SqlClient,
  account: AccountId,
  filter: NotificationFilter,
  above: Statement.Fragment,
  grouped: ReadonlyArray<NotificationKind>,
  limit: number
) =>
  Effect.map(
    sql<{ count: bigint }>`
      SELECT least(count(DISTINCT key), ${BigInt(limit)}) AS count FROM (
        SELECT ${keyOf(sql, grouped)} AS key FROM notifications n
        WHERE ${shown(sql, account, filter)} AND n.id > ${above} LIMIT ${unreadRowsMax}
      ) unread`,
    ([row]) => Number(row!.count)
  )
