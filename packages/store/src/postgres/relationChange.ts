/**
 * Changes between two people, in one transaction each. Both reader rows are locked first, by id: whoever follows,
 * asks, blocks or mutes holds one of them, so what is read after that stands until the commit.
 */
import type { AccountId } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { EdgeRow, FollowFlags } from "../FollowStore.ts"
import { type RelationChange, type RelationResult, type RelationStore, shunnedMax, type WindowChange } from "../RelationStore.ts"
import { type ChangedRow, edgeChange, edgeOf, flagColumns } from "./edgeChange.ts"
import { isFar, setFarEdge } from "./farEdge.ts"
import { kind, withdrawn } from "./notices.ts"
import { taskKinds } from "./outboxTask.ts"
import { blockedBetween, muteStands } from "./relationRules.ts"
import { int8s } from "./statement.ts"

/** `far`: the other's home is another datacenter, so they have no reader row here, and no window. */
type Input = Parameters<RelationStore["Service"]["change"]>[0] & { readonly far: boolean }
type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** What one kind of change did. `readers` are those whose windows it concerns, also when nothing changed. */
interface Done {
  readonly outcome: "changed" | "same" | "missing" | "full"
  readonly readers: ReadonlyArray<AccountId>
  readonly edges: ReadonlyArray<{ readonly edge: EdgeRow; readonly outboxId: bigint }>
}

interface LockedRow {
  readonly account: AccountId
  readonly followVersion: bigint
  readonly enabled: boolean
}

interface StateRow extends Omit<WindowChange, "followVersion" | "hidden" | "hiddenMillis"> {
  readonly followVersion: bigint
  readonly blocked: boolean
  readonly muted: boolean
  readonly mutedMillis: number | null
}

const lock = (sql: SqlClient.SqlClient, { account, other }: Input): Sql<ReadonlyArray<LockedRow>> =>
  Effect.tap(
    sql<LockedRow>`
      SELECT r.account, r.follow_version AS "followVersion", a.disabled_at IS NULL AS enabled
      FROM readers r JOIN accounts a ON a.id = r.account
      WHERE r.account = ANY(${int8s([account, other])}) ORDER BY r.account FOR UPDATE OF r`,
    // By id too, since publishing locks many authors in this order.
    () => sql`SELECT account FROM authors WHERE account = ANY(${int8s([account, other])}) ORDER BY account FOR UPDATE`
  )

interface EdgeDone extends Pick<Done, "edges"> {
  readonly changed: boolean
}

/** Begins or ends an edge; nothing when it stands so already, or when the follower follows as many as they may. */
const setEdge = (
  sql: SqlClient.SqlClient,
  input: Input,
  [follower, followee]: readonly [AccountId, AccountId],
  following: boolean,
  flags: FollowFlags = {}
): Sql<EdgeDone> =>
  input.far && follower === input.other
    ? Effect.map(setFarEdge(sql, follower, followee, following), (changed) => ({ changed, edges: [] }))
    : Effect.map(
      sql<ChangedRow>`
        WITH pair AS (
          SELECT a.id AS follower, a.no AS follower_no, a.shard, b.id AS followee, b.no AS followee_no,
            ${flagColumns(sql, flags)}
          FROM accounts a JOIN readers r ON r.account = a.id JOIN accounts b ON b.id = ${followee}
          WHERE a.id = ${follower} AND (NOT ${following} OR r.following < ${Limits.followeesMax})
            AND EXISTS (SELECT FROM follows f WHERE f.follower = a.id AND f.followee = b.id AND f.active) <> ${following}
        ), ${edgeChange(sql, following, input.claimMillis)}`,
      (rows) => ({
        changed: rows.length > 0,
        edges: rows.map((row) => ({ edge: edgeOf(follower, followee, following, row), outboxId: row.outboxId }))
      })
    )

/** Whether one more fits. The list is this account's own, so the locked reader row keeps the count. */
const fits = (sql: SqlClient.SqlClient, table: "blocks" | "mutes", { account, other }: Input): Sql<boolean> =>
  Effect.map(
    sql<{ count: bigint }>`SELECT count(*) AS count FROM ${sql(table)} WHERE account = ${account} AND target <> ${other}`,
    ([row]) => Number(row!.count) < shunnedMax
  )

const setBlock = (sql: SqlClient.SqlClient, input: Input, blocked: boolean): Sql<Done> =>
  Effect.gen(function*() {
    const { account, other } = input
    const readers = [account, other]
    if (!blocked) {
      const ended = yield* sql`DELETE FROM blocks WHERE account = ${account} AND target = ${other} RETURNING 1 AS one`
      return { outcome: ended.length > 0 ? "changed" : "same", readers, edges: [] }
    }
    if (!(yield* fits(sql, "blocks", input))) return { outcome: "full", readers, edges: [] }
    const made = yield* sql`
      INSERT INTO blocks (account, target, account_no, target_no)
      SELECT a.id, b.id, a.no, b.no FROM accounts a, accounts b WHERE a.id = ${account} AND b.id = ${other}
      ON CONFLICT DO NOTHING RETURNING 1 AS one`
    if (made.length === 0) return { outcome: "same", readers, edges: [] }
    for (const table of ["follow_requests", "endorsements"] as const) {
      yield* sql`DELETE FROM ${sql(table)} WHERE (account = ${account} AND target = ${other}) OR (account = ${other} AND target = ${account})`
    }
    const out = yield* setEdge(sql, input, [account, other], false)
    const back = yield* setEdge(sql, input, [other, account], false)
    return { outcome: "changed", readers, edges: [...out.edges, ...back.edges] }
  })

const setMute = (sql: SqlClient.SqlClient, input: Input, notifications: boolean, millis: number | null): Sql<Done> =>
  Effect.gen(function*() {
    const { account, other } = input
    if (!(yield* fits(sql, "mutes", input))) return { outcome: "full", readers: [account], edges: [] }
    yield* sql`
      INSERT INTO mutes (account, target, account_no, target_no, notifications, expires_at)
      SELECT a.id, b.id, a.no, b.no, ${notifications}, now() + ${millis}::bigint * interval '1 millisecond'
      FROM accounts a, accounts b WHERE a.id = ${account} AND b.id = ${other}
      ON CONFLICT (account, target) DO UPDATE SET notifications = excluded.notifications, expires_at = excluded.expires_at`
    return { outcome: "changed", readers: [account], edges: [] }
  })

const unmute = (sql: SqlClient.SqlClient, { account, other }: Input): Sql<Done> =>
  Effect.map(
    sql`DELETE FROM mutes WHERE account = ${account} AND target = ${other} RETURNING 1 AS one`,
    (rows) => ({ outcome: rows.length > 0 ? "changed" : "same", readers: [account], edges: [] })
  )

/** The request of `other` ends either way. One that is answered already has made its edge, or is gone. */
const answer = (sql: SqlClient.SqlClient, input: Input, accepted: boolean): Sql<Done> =>
  Effect.gen(function*() {
    const { account, other } = input
    const [request] = yield* sql<Required<FollowFlags>>`
      WITH ended AS (
        DELETE FROM follow_requests WHERE account = ${other} AND target = ${account}
        RETURNING account, target, reblogs, notify, languages
      ), ${withdrawn(sql, sql`SELECT target, ${kind.followRequest}::int, account, 0::bigint FROM ended`)}
      SELECT reblogs, notify, languages FROM ended`
    if (request === undefined) {
      const stands = yield* sql`SELECT 1 AS one FROM follows WHERE follower = ${other} AND followee = ${account} AND active`
      return { outcome: accepted && stands.length > 0 ? "same" : "missing", readers: [other], edges: [] }
    }
    if (!accepted) return { outcome: "changed", readers: [], edges: [] }
    const { changed, edges } = yield* setEdge(sql, input, [other, account], true, request)
    return { outcome: changed ? "changed" : "full", readers: [other], edges }
  })

const removeFollower = (sql: SqlClient.SqlClient, input: Input): Sql<Done> =>
  Effect.map(setEdge(sql, input, [input.other, input.account], false), ({ changed, edges }) => ({
    outcome: changed ? "changed" : "same",
    readers: [input.other],
    edges
  }))

const carryOut = (sql: SqlClient.SqlClient, input: Input, change: RelationChange): Sql<Done> => {
  switch (change._tag) {
    case "Block":
      return setBlock(sql, input, change.blocked)
    case "Mute":
      return setMute(sql, input, change.notifications, change.millis)
    case "Unmute":
      return unmute(sql, input)
    case "Answer":
      return answer(sql, input, change.accepted)
    case "RemoveFollower":
      return removeFollower(sql, input)
  }
}

/** Raises the version of every window that changed, once: an edge has done so for its follower. */
const raiseVersions = (sql: SqlClient.SqlClient, { edges, readers }: Done) => {
  const raised = new Set(edges.map(({ edge }) => edge.follower))
  const rest = readers.filter((reader) => !raised.has(reader))
  return rest.length === 0
    ? Effect.void
    : sql`UPDATE readers SET follow_version = follow_version + 1 WHERE account = ANY(${int8s(rest)})`
}

const windowOf = ({ blocked, followVersion, muted, mutedMillis, ...row }: StateRow): WindowChange => ({
  ...row,
  followVersion: Number(followVersion),
  hidden: blocked || muted,
  hiddenMillis: blocked ? null : mutedMillis
})

/** How each reader stands to the other of the two now. */
const windowsOf = (sql: SqlClient.SqlClient, { account, other }: Input, readers: ReadonlyArray<AccountId>) =>
  Effect.map(
    sql<StateRow>`
      SELECT r.account AS reader, a.no AS "readerNo", a.shard AS "readerShard", r.follow_version AS "followVersion",
        o.id AS other, o.no AS "otherNo",
        EXISTS (SELECT FROM follows f WHERE f.follower = a.id AND f.followee = o.id AND f.active) AS following,
        ${blockedBetween(sql, "a.id", "o.id")} AS blocked, m.account IS NOT NULL AS muted,
        (extract(epoch FROM m.expires_at - clock_timestamp()) * 1000)::float8 AS "mutedMillis"
      FROM readers r JOIN accounts a ON a.id = r.account
      JOIN accounts o ON o.id = CASE WHEN a.id = ${account} THEN ${other}::bigint ELSE ${account}::bigint END
      LEFT JOIN mutes m ON m.account = a.id AND m.target = o.id AND ${sql.literal(muteStands)}
      WHERE r.account = ANY(${int8s(readers)})`,
    (rows) => rows.map(windowOf)
  )

/** Ids are text, since JSON numbers lose them. */
const tell = (sql: SqlClient.SqlClient, input: Input, windows: ReadonlyArray<WindowChange>) => {
  const payload = JSON.stringify({ windows }, (_, value: unknown) => typeof value === "bigint" ? String(value) : value)
  return Effect.map(
    sql<{ id: bigint }>`
      INSERT INTO outbox (owner, kind, payload, claimed_until)
      VALUES (${input.account}, ${taskKinds.Relation}, ${payload}::jsonb,
        clock_timestamp() + ${input.claimMillis}::int * interval '1 millisecond')
      RETURNING id`,
    ([row]) => row!.id
  )
}

const settle = (sql: SqlClient.SqlClient, input: Input, done: Done): Sql<RelationResult> =>
  Effect.gen(function*() {
    if (done.outcome === "missing") return { _tag: "NotFound" }
    if (done.outcome === "full") return { _tag: "Full" }
    if (done.outcome === "changed") yield* raiseVersions(sql, done)
    const windows = yield* windowsOf(sql, input, done.readers)
    if (done.outcome === "same") return { _tag: "Same", windows }
    return { _tag: "Changed", windows, edges: done.edges, outboxId: yield* tell(sql, input, windows) }
  })

/** A request that is over the limit of whoever asked stays: the transaction is undone. */
class Undone {
  readonly _tag = "Undone"
}

export const change = (sql: SqlClient.SqlClient, asked: Omit<Input, "far">): Sql<RelationResult> => {
  const within = Effect.gen(function*() {
    const far = yield* isFar(sql, asked.other)
    const input = { ...asked, far: far === true }
    const locked = yield* lock(sql, input)
    const own = locked.find((row) => row.account === input.account)
    if (own === undefined || !own.enabled || far === undefined || asked.account === asked.other) return { _tag: "NotFound" } as const
    if (Number(own.followVersion) !== input.followVersion) return { _tag: "Stale" } as const
    const result = yield* settle(sql, input, yield* carryOut(sql, input, input.change))
    return result._tag === "Full" ? yield* Effect.fail(new Undone()) : result
  })
  return sql.withTransaction(within).pipe(
    Effect.catchTag("Undone", () => Effect.succeed<RelationResult>({ _tag: "Full" }))
  )
}
