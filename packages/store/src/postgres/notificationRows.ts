/** Which notifications are shown, and rows of them. */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import * as Notification from "@rookery/domain/Notification"
import type { SqlClient, Statement } from "effect/sql"
import type { NotificationFilter, NotificationRow } from "../NotificationStore.ts"
import { int2s } from "./statement.ts"

export interface StoredNotification {
  readonly id: bigint
  readonly account: AccountId
  readonly kind: number
  readonly from: AccountId
  readonly fromNo: LocalNo
  readonly object: bigint
  readonly groupKey: string | null
  readonly createdAt: Date
}

/** Of `notifications n`. */
export const notificationColumns = `
  n.id, n.account, n.kind, n.from_account AS "from",
  (SELECT w.no FROM authors w WHERE w.account = n.from_account) AS "fromNo", n.object, n.group_key AS "groupKey", n.created_at AS "createdAt"`

export const objectOf = (object: bigint): PostId | null => object === 0n ? null : object as PostId

export const notificationOf = (row: StoredNotification): NotificationRow => ({
  id: row.id,
  account: row.account,
  kind: Notification.kinds[row.kind]!,
  from: row.from,
  fromNo: row.fromNo,
  object: objectOf(row.object),
  groupKey: row.groupKey ?? `ungrouped-${row.id}`,
  createdAt: row.createdAt.getTime()
})

export const kindNumbers = (kinds: ReadonlyArray<Notification.NotificationKind>) => int2s(kinds.map(Notification.numberOf))

/** What `n` is about is still there, and not of a conversation that its owner muted before. */
const hasObject = `(n.object = 0 OR EXISTS (SELECT FROM posts p WHERE p.id = n.object AND p.deleted_at IS NULL AND NOT EXISTS (
  SELECT FROM conversation_mutes q
  WHERE q.account = n.account AND q.thread = coalesce(p.conversation, p.id) AND q.created_at <= n.created_at)))`

/** Of `n`: not dismissed, from one whom its owner hears, about something that is still there. */
export const standing = `NOT n.dismissed AND hears(n.account, n.from_account) AND ${hasObject}`

/** Of `n`: its owner's, as the filter asks. */
export const shown = (sql: SqlClient.SqlClient, account: AccountId, filter: NotificationFilter): Statement.Fragment =>
  sql`n.account = ${account} AND n.kind = ANY(${kindNumbers(filter.kinds)})
    AND (${filter.from ?? null}::bigint IS NULL OR n.from_account = ${filter.from ?? null}::bigint)
    AND (${filter.includeFiltered} OR NOT n.filtered) AND ${sql.literal(standing)}`
