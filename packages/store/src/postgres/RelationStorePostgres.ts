/** Relations in Postgres: what is read of them, and what hangs on a pair without touching a window. */
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { CursorQuery } from "../FollowStore.ts"
import { type FullRelation, type RelationList, type RelationStore, type Shun, shunBits, shunnedMax } from "../RelationStore.ts"
import { change } from "./relationChange.ts"
import { muteStands } from "./relationRules.ts"
import { int4s, int8s, operation, storable } from "./statement.ts"

interface RelationRow extends Omit<FullRelation, "mutingUntil"> {
  readonly mutingUntil: Date | null
}

interface ShunRow {
  readonly viewer: AccountId
  readonly no: number
  readonly bits: number
  readonly languages: ReadonlyArray<string> | null
}

/** Rows of a viewer `i.viewer` and of the other's number, for each reason to keep somebody's posts from them. */
const reasons = (limit: string) => `
  (SELECT target_no AS no, ${shunBits.blocking} AS bits, NULL::text[] AS languages FROM blocks WHERE account = i.viewer ${limit})
  UNION ALL (SELECT account_no, ${shunBits.blockedBy}, NULL FROM blocks WHERE target = i.viewer ${limit})
  UNION ALL (SELECT target_no, ${shunBits.muting}, NULL FROM mutes m WHERE account = i.viewer AND ${muteStands} ${limit})
  UNION ALL (SELECT followee_no, ${shunBits.withoutReposts}, NULL FROM follows WHERE follower = i.viewer AND active AND NOT reblogs ${limit})
  UNION ALL (SELECT followee_no, ${shunBits.someLanguages}, languages FROM follows
    WHERE follower = i.viewer AND active AND languages IS NOT NULL ${limit})
  UNION ALL (SELECT no, ${shunBits.someQuiet}, NULL FROM accounts
    WHERE id = i.viewer AND EXISTS (SELECT FROM conversation_mutes WHERE account = i.viewer))`

const sumBits = (rows: ReadonlyArray<ShunRow>): Array<Shun> => {
  const others = new Map<number, Shun>()
  for (const { bits, languages, no } of rows) {
    const known = others.get(no)
    const wanted = languages ?? known?.[2]
    const sum = (known?.[1] ?? 0) | bits
    others.set(no, wanted === undefined ? [no, sum] : [no, sum, wanted])
  }
  return [...others.values()]
}

/** A list that is cut off at one more than what is kept is not whole. */
const isWhole = (rows: ReadonlyArray<ShunRow>): boolean => {
  const counts = new Map<number, number>()
  for (const { bits } of rows) counts.set(bits, (counts.get(bits) ?? 0) + 1)
  return [...counts.values()].every((count) => count <= shunnedMax)
}

export const make = Effect.map(SqlClient.SqlClient, (sql): RelationStore["Service"] => {
  const between = (viewer: AccountId, others: ReadonlyArray<AccountId>) =>
    Effect.map(
      sql<RelationRow>`
        SELECT a.id, a.disabled_at IS NOT NULL AS suspended, f.follower IS NOT NULL AS following, coalesce(f.reblogs, q.reblogs, false) AS reblogs,
          coalesce(f.notify, q.notify, false) AS notify, coalesce(f.languages, q.languages) AS languages,
          EXISTS (SELECT FROM follows WHERE follower = a.id AND followee = ${viewer} AND active) AS "followedBy",
          EXISTS (SELECT FROM blocks WHERE account = ${viewer} AND target = a.id) AS blocking,
          EXISTS (SELECT FROM blocks WHERE account = a.id AND target = ${viewer}) AS "blockedBy",
          m.account IS NOT NULL AS muting, coalesce(m.notifications, false) AS "mutingNotifications",
          m.expires_at AS "mutingUntil", q.account IS NOT NULL AS requested,
          EXISTS (SELECT FROM follow_requests WHERE account = a.id AND target = ${viewer}) AS "requestedBy",
          f.follower IS NOT NULL AND EXISTS (SELECT FROM endorsements WHERE account = ${viewer} AND target = a.id) AS endorsed,
          coalesce((SELECT note FROM account_notes WHERE account = ${viewer} AND target = a.id), '') AS note
        FROM accounts a
        LEFT JOIN follows f ON f.follower = ${viewer} AND f.followee = a.id AND f.active
        LEFT JOIN follow_requests q ON q.account = ${viewer} AND q.target = a.id
        LEFT JOIN mutes m ON m.account = ${viewer} AND m.target = a.id AND ${sql.literal(muteStands)}
        WHERE a.id = ANY(${int8s(others)})`,
      (rows) => rows.map((row): FullRelation => ({ ...row, mutingUntil: row.mutingUntil?.getTime() ?? null }))
    )

  const shunned = (viewers: ReadonlyArray<AccountId>) =>
    Effect.map(
      sql<ShunRow>`
        SELECT i.viewer, r.no, r.bits, r.languages FROM unnest(${int8s(viewers)}) AS i (viewer)
        CROSS JOIN LATERAL (${sql.literal(reasons(`LIMIT ${shunnedMax + 1}`))}) r`,
      (rows) => {
        const byViewer = Map.groupBy(rows, (row) => row.viewer)
        return Array.from(byViewer, ([viewer, own]) => ({ viewer, whole: isWhole(own), others: sumBits(own) }))
      }
    )

  const among = (viewer: AccountId, others: ReadonlyArray<number>) =>
    Effect.map(
      sql<ShunRow>`
        SELECT i.viewer, r.no, r.bits, r.languages FROM (SELECT ${viewer}::bigint AS viewer) i
        CROSS JOIN LATERAL (${sql.literal(reasons(""))}) r WHERE r.no = ANY(${int4s(others)})`,
      sumBits
    )

  const setNote = (account: AccountId, target: AccountId, note: string) =>
    note === ""
      ? sql`DELETE FROM account_notes WHERE account = ${account} AND target = ${target}`
      : sql`
        INSERT INTO account_notes (account, target, note)
        SELECT ${account}, id, ${storable(note)} FROM accounts WHERE id = ${target}
        ON CONFLICT (account, target) DO UPDATE SET note = excluded.note`

  const setEndorsed = (account: AccountId, target: AccountId, endorsed: boolean) =>
    endorsed
      ? Effect.map(
        sql`
          INSERT INTO endorsements AS e (account, target, account_no, target_no)
          SELECT follower, followee, follower_no, followee_no FROM follows
          WHERE follower = ${account} AND followee = ${target} AND active
          ON CONFLICT (account, target) DO UPDATE SET created_at = e.created_at RETURNING 1 AS one`,
        (rows) => rows.length > 0
      )
      : Effect.as(sql`DELETE FROM endorsements WHERE account = ${account} AND target = ${target}`, true)

  const standing: Readonly<Record<RelationList, string>> = {
    blocks: "true",
    follow_requests: "true",
    mutes: muteStands,
    // An endorsement lasts as long as its follow.
    endorsements: "EXISTS (SELECT FROM follows f WHERE f.follower = m.account AND f.followee = m.target AND f.active)"
  }

  /** With `after` the page lies right above it, as in timelines. */
  const list = (table: RelationList, account: AccountId, query: CursorQuery) => {
    const upwards = query.after !== undefined
    const [own, other] = table === "follow_requests" ? ["target", "account"] as const : ["account", "target"] as const
    const rows = sql<{ id: AccountId; cursor: bigint }>`
      SELECT ${sql(other)} AS id, m.id AS cursor FROM ${sql(table)} m
      WHERE ${sql(own)} = ${account} AND ${sql.literal(standing[table])}
        AND m.id > ${query.after ?? 0n} AND m.id < ${query.before ?? 9_223_372_036_854_775_807n}
      ORDER BY m.id ${sql.literal(upwards ? "ASC" : "DESC")} LIMIT ${query.limit}`
    return Effect.map(rows, (found) => ({ accounts: upwards ? found.toReversed() : found }))
  }

  const familiar = (viewer: AccountId, others: ReadonlyArray<AccountId>, limit: number) =>
    Effect.map(
      sql<{ other: AccountId; ids: ReadonlyArray<AccountId> }>`
        SELECT i.other, array(
          SELECT mine.followee FROM follows mine
          JOIN follows theirs ON theirs.follower = mine.followee AND theirs.followee = i.other AND theirs.active
          JOIN authors w ON w.account = mine.followee AND NOT w.disabled
          WHERE mine.follower = ${viewer} AND mine.active ORDER BY theirs.id DESC LIMIT ${limit}
        ) AS ids FROM unnest(${int8s(others)}) AS i (other)`,
      (rows) => new Map(rows.map((row) => [row.other, row.ids]))
    )

  const requestCount = (account: AccountId) =>
    Effect.map(
      sql<{ count: bigint }>`SELECT count(*) AS count FROM follow_requests WHERE target = ${account}`,
      ([row]) => Number(row!.count)
    )

  return {
    change: (input) => operation("RelationStore.change", change(sql, input)),
    between: (viewer, others) => operation("RelationStore.between", between(viewer, others)),
    shunned: (viewers) => operation("RelationStore.shunned", shunned(viewers)),
    among: (viewer, others) => operation("RelationStore.among", among(viewer, others)),
    setNote: (account, target, note) => operation("RelationStore.setNote", Effect.asVoid(setNote(account, target, note))),
    setEndorsed: (account, target, endorsed) => operation("RelationStore.setEndorsed", setEndorsed(account, target, endorsed)),
    list: (table, account, query) => operation("RelationStore.list", list(table, account, query)),
    familiar: (viewer, others, limit) => operation("RelationStore.familiar", familiar(viewer, others, limit)),
    requestCount: (account) => operation("RelationStore.requestCount", requestCount(account))
  }
})
