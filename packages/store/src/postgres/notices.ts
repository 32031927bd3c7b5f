/**
 * Notifications are made by the statement that causes them. Every cause names its candidates; who is really told (not
 * those who block or mute, not against one's policy), that each is told once, and the outbox row that carries
 * the live event, are here alone.
 */
import * as Notification from "@rookery/domain/Notification"
import type { SqlClient, Statement } from "effect/sql"
import { taskKinds } from "./outboxTask.ts"

/** Numbers of the kinds, for the candidates' `kind`. */
export const kind = {
  favourite: Notification.numberOf("favourite"),
  reblog: Notification.numberOf("reblog"),
  follow: Notification.numberOf("follow"),
  followRequest: Notification.numberOf("follow_request"),
  mention: Notification.numberOf("mention"),
  update: Notification.numberOf("update"),
  status: Notification.numberOf("status")
} as const

const groupSeconds = Notification.groupHours * 3_600

const groupKey = `CASE c.kind
  WHEN ${kind.favourite} THEN 'favourite-' || c.object || '-' || floor(extract(epoch FROM now()) / ${groupSeconds})
  WHEN ${kind.reblog} THEN 'reblog-' || c.object || '-' || floor(extract(epoch FROM now()) / ${groupSeconds})
  WHEN ${kind.follow} THEN 'follow-' || floor(extract(epoch FROM now()) / ${groupSeconds}) END`

/**
 * CTEs to be put after a comma into the `WITH` of the statement that causes the notices. `candidates` is a query of
 * rows `(account bigint, kind smallint, from_account bigint, object bigint, private boolean)`: who may be told, of what (`kind`
 * above), by whom, about which post (0: none), and whether it is a direct post that nobody invited. Whoever did it
 * themselves may stand among them. A row that stands already stays, but an edit is told anew.
 */
export const noticed = (sql: SqlClient.SqlClient, candidates: Statement.Fragment): Statement.Fragment =>
  sql`
    noticed AS (
      INSERT INTO notifications AS n (account, kind, object, from_account, group_key, filtered)
      SELECT c.account, c.kind, c.object, c.from_account, ${sql.literal(groupKey)}, v.verdict = 1
      FROM (SELECT DISTINCT * FROM (${candidates}) AS x (account, kind, from_account, object, private)) c
      CROSS JOIN LATERAL notice_verdict(c.account, c.from_account, c.kind::smallint, c.private) AS v (verdict)
      WHERE c.account <> c.from_account AND v.verdict < 2
      ORDER BY c.account, c.kind, c.object, c.from_account
      ON CONFLICT (account, kind, object, from_account) DO UPDATE
        SET id = excluded.id, created_at = now(), arrived = pg_current_xact_id(), dismissed = false
        WHERE n.kind = ${sql.literal(String(kind.update))}
      RETURNING n.id, n.account, n.from_account, n.filtered
    ), noticed_requests AS (
      INSERT INTO notification_requests AS r (account, from_account)
      SELECT DISTINCT account, from_account FROM noticed WHERE filtered
      ON CONFLICT (account, from_account) DO UPDATE SET updated_at = now(), dismissed = false
    ), noticed_told AS (
      INSERT INTO outbox (owner, kind, payload, claimed_until)
      SELECT a.id, ${sql.literal(String(taskKinds.Notify))},
        jsonb_build_object('no', a.no, 'shard', a.shard, 'ids', jsonb_agg(n.id::text ORDER BY n.id)), clock_timestamp()
      FROM noticed n JOIN accounts a ON a.id = n.account WHERE NOT n.filtered GROUP BY a.id
    )`

/** One CTE that takes notices back, for causes that are undone: `undone` has the columns of candidates without `private`. */
export const withdrawn = (sql: SqlClient.SqlClient, undone: Statement.Fragment): Statement.Fragment =>
  sql`
    withdrawn AS (
      DELETE FROM notifications n USING (${undone}) AS x (account, kind, from_account, object)
      WHERE n.account = x.account AND n.kind = x.kind AND n.object = x.object AND n.from_account = x.from_account
    )`

/** People told by one statement of one cause, at most: the newest to have asked for it. */
export const toldMax = 10_000
