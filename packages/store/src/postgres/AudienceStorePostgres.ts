/** Policies, requests, markers and presence settings in Postgres. */
import type { AccountId } from "@rookery/domain/Ids"
import { timelines, verdicts } from "@rookery/domain/Notification"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Effect } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import type { AudienceStore, Marker, NotificationPolicy, NotificationRequest, PolicySummary } from "../AudienceStore.ts"
import { int2s, int8s, operation } from "./statement.ts"

type Store = AudienceStore["Service"]

type Numbers = { readonly [K in keyof NotificationPolicy]: number | null }

interface MarkerRow extends Omit<Marker, "timeline" | "updatedAt"> {
  readonly timeline: number
  readonly updatedAt: Date
}

interface RequestRow extends Omit<NotificationRequest, "notifications" | "createdAt" | "updatedAt"> {
  readonly notifications: bigint
  readonly createdAt: Date
  readonly updatedAt: Date
}

const verdictOf = (number: number | null) => verdicts[number ?? 0]!

const numberOf = (verdict: (typeof verdicts)[number] | undefined): number | null =>
  verdict === undefined ? null : verdicts.indexOf(verdict)

const markerOf = (row: MarkerRow): Marker => ({
  ...row,
  timeline: timelines[row.timeline]!,
  updatedAt: row.updatedAt.getTime()
})

const requestOf = (row: RequestRow): NotificationRequest => ({
  ...row,
  notifications: Number(row.notifications),
  createdAt: row.createdAt.getTime(),
  updatedAt: row.updatedAt.getTime()
})

/** Of `notification_requests r`: it waits for a decision, and its sender may be heard. */
const pending = "NOT r.accepted AND NOT r.dismissed AND hears(r.account, r.from_account)"
const summaryMax = 100
const idMax = 9_223_372_036_854_775_807n

const makePolicy = (sql: SqlClient.SqlClient) => {
  const policy = (account: AccountId): Effect.Effect<PolicySummary, SqlError.SqlError> =>
    Effect.map(
      sql<Numbers & { pendingRequests: bigint; pendingNotifications: bigint }>`
        SELECT p.not_following AS "notFollowing", p.not_followers AS "notFollowers", p.new_accounts AS "newAccounts",
          p.private_mentions AS "privateMentions", p.limited_accounts AS "limitedAccounts",
          count(DISTINCT w.from_account) AS "pendingRequests", count(n.id) AS "pendingNotifications"
        FROM (SELECT ${account}::bigint AS account) me LEFT JOIN notification_policies p ON p.account = me.account
        LEFT JOIN (
          SELECT r.from_account FROM notification_requests r
          WHERE r.account = ${account} AND ${sql.literal(pending)} ORDER BY r.id DESC LIMIT ${summaryMax}
        ) w ON true
        LEFT JOIN notifications n ON n.account = me.account AND n.from_account = w.from_account AND n.filtered
          AND NOT n.dismissed
        GROUP BY p.account`,
      ([row]) => ({
        notFollowing: verdictOf(row!.notFollowing),
        notFollowers: verdictOf(row!.notFollowers),
        newAccounts: verdictOf(row!.newAccounts),
        privateMentions: verdictOf(row!.privateMentions),
        limitedAccounts: verdictOf(row!.limitedAccounts),
        pendingRequests: Number(row!.pendingRequests),
        pendingNotifications: Number(row!.pendingNotifications)
      })
    )

  const setPolicy = (account: AccountId, change: Partial<NotificationPolicy>) => {
    const numbers = [change.notFollowing, change.notFollowers, change.newAccounts, change.privateMentions, change.limitedAccounts]
    const [a, b, c, d, e] = numbers.map(numberOf) as [number | null, number | null, number | null, number | null, number | null]
    return sql`
      INSERT INTO notification_policies AS p
        (account, not_following, not_followers, new_accounts, private_mentions, limited_accounts)
      SELECT id, coalesce(${a}::int, 0), coalesce(${b}::int, 0), coalesce(${c}::int, 0), coalesce(${d}::int, 0),
        coalesce(${e}::int, 0) FROM accounts WHERE id = ${account}
      ON CONFLICT (account) DO UPDATE SET not_following = coalesce(${a}::int, p.not_following),
        not_followers = coalesce(${b}::int, p.not_followers), new_accounts = coalesce(${c}::int, p.new_accounts),
        private_mentions = coalesce(${d}::int, p.private_mentions),
        limited_accounts = coalesce(${e}::int, p.limited_accounts)`.pipe(Effect.andThen(policy(account)))
  }
  return { policy, setPolicy }
}

const makeRequests = (sql: SqlClient.SqlClient) => {
  const select = (account: AccountId, where: Statement.Fragment) =>
    sql<RequestRow>`
      SELECT r.id, r.from_account AS "from", r.created_at AS "createdAt", r.updated_at AS "updatedAt",
        held.count AS notifications, held.last AS "lastPost"
      FROM notification_requests r CROSS JOIN LATERAL (
        SELECT count(*) AS count, max(nullif(n.object, 0)) AS last FROM notifications n
        WHERE n.account = r.account AND n.from_account = r.from_account AND n.filtered AND NOT n.dismissed
      ) held
      WHERE r.account = ${account} AND ${sql.literal(pending)} AND ${where}`

  const requests = (account: AccountId, query: PageQuery) => {
    const upwards = query.minId > 0n
    const above = query.minId > query.sinceId ? query.minId : query.sinceId
    const bounds = sql`r.id > ${above} AND r.id < ${query.maxId ?? idMax}
      ORDER BY r.id ${sql.literal(upwards ? "ASC" : "DESC")} LIMIT ${query.limit}`
    return Effect.map(select(account, bounds), (rows) => (upwards ? rows.toReversed() : rows).map(requestOf))
  }

  const settle = (account: AccountId, ids: ReadonlyArray<bigint>, column: "accepted" | "dismissed") => {
    const shown = sql.literal(column === "accepted" ? "filtered = false" : "dismissed = true")
    return Effect.map(
      sql`
        WITH settled AS (
          UPDATE notification_requests SET ${sql(column)} = true
          WHERE account = ${account} AND id = ANY(${int8s(ids)}) AND NOT accepted RETURNING from_account
        ), moved AS (
          UPDATE notifications n SET ${shown} FROM settled
          WHERE n.account = ${account} AND n.from_account = settled.from_account AND n.filtered
        )
        SELECT FROM settled`,
      (rows) => rows.length
    )
  }
  return { select, requests, settle }
}

const makeMarkers = (sql: SqlClient.SqlClient) => {
  const markers = (account: AccountId, named: ReadonlyArray<Marker["timeline"]>) =>
    Effect.map(
      sql<MarkerRow>`
        SELECT timeline, last_read_id AS "lastReadId", version, updated_at AS "updatedAt" FROM markers
        WHERE account = ${account} AND timeline = ANY(${int2s(named.map((name) => timelines.indexOf(name)))})
        ORDER BY timeline`,
      (rows) => rows.map(markerOf)
    )

  const setMarkers: Store["setMarkers"] = (account, positions) => {
    const named = positions.map((position) => position.timeline)
    return operation(
      "AudienceStore.setMarkers",
      sql`
        INSERT INTO markers AS m (account, timeline, last_read_id)
        SELECT ${account}, i.timeline, i.id
        FROM unnest(${int2s(named.map((name) => timelines.indexOf(name)))},
          ${int8s(positions.map((position) => position.lastReadId))}) AS i (timeline, id) ORDER BY i.timeline
        ON CONFLICT (account, timeline) DO UPDATE SET last_read_id = excluded.last_read_id, version = m.version + 1,
          updated_at = now() WHERE excluded.last_read_id > m.last_read_id`.pipe(Effect.andThen(markers(account, named)))
    )
  }
  return { markers, setMarkers }
}

const makePresence = (sql: SqlClient.SqlClient) => ({
  setShown: (account: AccountId, shown: boolean) =>
    Effect.asVoid(
      shown
        ? sql`DELETE FROM presence_hidden WHERE account = ${account}`
        : sql`INSERT INTO presence_hidden (account) VALUES (${account}) ON CONFLICT DO NOTHING`
    ),
  isShown: (account: AccountId) =>
    Effect.map(sql`SELECT FROM presence_hidden WHERE account = ${account}`, (rows) => rows.length === 0),
  presentable: (account: AccountId, limit: number) =>
    sql<{ id: AccountId; no: number; shard: number }>`
      SELECT a.id, a.no, a.shard FROM follows f JOIN accounts a ON a.id = f.followee
      WHERE f.follower = ${account} AND f.active AND a.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM presence_hidden h WHERE h.account = a.id) AND hears(a.id, ${account})
      ORDER BY f.id DESC LIMIT ${limit}`
})

export const make = Effect.map(SqlClient.SqlClient, (sql): Store => {
  const { policy, setPolicy } = makePolicy(sql)
  const { requests, select, settle } = makeRequests(sql)
  const { markers, setMarkers } = makeMarkers(sql)
  const presence = makePresence(sql)
  return {
    policy: (account) => operation("AudienceStore.policy", policy(account)),
    setPolicy: (account, change) => operation("AudienceStore.setPolicy", setPolicy(account, change)),
    requests: (account, query) => operation("AudienceStore.requests", requests(account, query)),
    request: (account, id) =>
      operation("AudienceStore.request", Effect.map(select(account, sql`r.id = ${id}`), ([row]) => row && requestOf(row))),
    acceptRequests: (account, ids) => operation("AudienceStore.acceptRequests", settle(account, ids, "accepted")),
    dismissRequests: (account, ids) => operation("AudienceStore.dismissRequests", settle(account, ids, "dismissed")),
    markers: (account, named) => operation("AudienceStore.markers", markers(account, named)),
    setMarkers,
    setPresenceShown: (account, shown) => operation("AudienceStore.setPresenceShown", presence.setShown(account, shown)),
    presenceShown: (account) => operation("AudienceStore.presenceShown", presence.isShown(account)),
    presentable: (account, limit) => operation("AudienceStore.presentable", presence.presentable(account, limit))
  }
})
