/** Notifications in Postgres: lists, dismissal and counts. Groups have a file of their own. */
import type { AccountId } from "@rookery/domain/Ids"
import * as Notification from "@rookery/domain/Notification"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { NotificationStore } from "../NotificationStore.ts"
import * as Groups from "./notificationGroups.ts"
import { notificationColumns, notificationOf, shown, standing, type StoredNotification } from "./notificationRows.ts"
import { int8s, operation } from "./statement.ts"

type Store = NotificationStore["Service"]

const idMax = 9_223_372_036_854_775_807n
const markerOf = Notification.timelines.indexOf("notifications")

export const make = Effect.map(SqlClient.SqlClient, (sql): Store => {
  const columns = sql.literal(notificationColumns)
  const stands = sql.literal(standing)

  const page: Store["page"] = (account, filter, query) => {
    const upwards = query.minId > 0n
    const above = query.minId > query.sinceId ? query.minId : query.sinceId
    return operation(
      "NotificationStore.page",
      Effect.map(
        sql<StoredNotification>`
          SELECT ${columns} FROM notifications n
          WHERE ${shown(sql, account, filter)} AND n.id > ${above} AND n.id < ${query.maxId ?? idMax}
          ORDER BY n.id ${sql.literal(upwards ? "ASC" : "DESC")} LIMIT ${query.limit}`,
        (rows) => (upwards ? rows.toReversed() : rows).map(notificationOf)
      )
    )
  }

  const one = (account: AccountId, id: bigint) =>
    Effect.map(
      sql<StoredNotification>`SELECT ${columns} FROM notifications n WHERE n.account = ${account} AND n.id = ${id} AND ${stands}`,
      ([row]) => row && notificationOf(row)
    )

  const byIds: Store["byIds"] = (pairs) =>
    operation(
      "NotificationStore.byIds",
      Effect.map(
        sql<StoredNotification>`
          SELECT ${columns} FROM unnest(${int8s(pairs.map((pair) => pair.account))}, ${int8s(pairs.map((pair) => pair.id))})
            AS i (account, id)
          JOIN notifications n ON n.account = i.account AND n.id = i.id WHERE ${stands} AND NOT n.filtered`,
        (rows) => rows.map(notificationOf)
      )
    )

  /** The person's marker; 0 before they set one. */
  const readUpTo = (account: AccountId) =>
    sql`coalesce((SELECT last_read_id FROM markers WHERE account = ${account} AND timeline = ${markerOf}), 0)`

  const unread: Store["unread"] = (account, filter, limit) =>
    operation(
      "NotificationStore.unread",
      Effect.map(
        sql<{ count: bigint }>`
          SELECT count(*) AS count FROM (
            SELECT FROM notifications n WHERE ${shown(sql, account, filter)} AND n.id > ${readUpTo(account)} LIMIT ${limit}
          ) unread`,
        ([row]) => Number(row!.count)
      )
    )

  const dismiss = (account: AccountId, id: bigint) =>
    Effect.map(
      sql`UPDATE notifications SET dismissed = true WHERE account = ${account} AND id = ${id} AND NOT dismissed RETURNING 1`,
      (rows) => rows.length > 0
    )

  const clear = (account: AccountId) =>
    Effect.asVoid(sql`UPDATE notifications SET dismissed = true WHERE account = ${account} AND NOT dismissed`)

  return {
    page,
    groups: (account, filter, query, grouped) =>
      operation("NotificationStore.groups", Groups.groups(sql, account, filter, query, grouped)),
    group: (account, groupKey) => operation("NotificationStore.group", Groups.group(sql, account, groupKey)),
    groupAccounts: (account, groupKey, limit) =>
      operation("NotificationStore.groupAccounts", Groups.groupAccounts(sql, account, groupKey, limit)),
    one: (account, id) => operation("NotificationStore.one", one(account, id)),
    byIds,
    dismiss: (account, id) => operation("NotificationStore.dismiss", dismiss(account, id)),
    dismissGroup: (account, groupKey) =>
      operation("NotificationStore.dismissGroup", Groups.dismissGroup(sql, account, groupKey)),
    clear: (account) => operation("NotificationStore.clear", clear(account)),
    unread,
    unreadGroups: (account, filter, grouped, limit) =>
      operation(
        "NotificationStore.unreadGroups",
        Groups.unreadGroups(sql, account, filter, readUpTo(account), grouped, limit)
      )
  }
})
