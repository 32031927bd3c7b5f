/** Follow edges in Postgres: one statement commits an edge with everything that it moves. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { CursorQuery, FollowFlags, FollowResult, FollowStore, RelationRow } from "../FollowStore.ts"
import { type ChangedRow, edgeChange, edgeOf, flagColumns, languagesOf } from "./edgeChange.ts"
import { kind, noticed, withdrawn } from "./notices.ts"
import { blockedBetween } from "./relationRules.ts"
import { int8s, operation } from "./statement.ts"

type Change = Parameters<FollowStore["Service"]["set"]>[0]

/** Why nothing was written; undefined columns are rows that are not there. */
interface StateRow {
  readonly followVersion: bigint | null
  readonly following: number
  readonly enabled: boolean
  readonly followeeEnabled: boolean | null
  readonly active: boolean
  readonly blocked: boolean
  readonly requested: boolean
}

/** `Stale` also stands for what changed between the two statements: the actor loads again and repeats. */
const refusalOf = (change: Change, state: StateRow | undefined): FollowResult => {
  if (!state || state.followVersion === null || !state.enabled) return { _tag: "NotFound" }
  if (change.follower === change.followee || state.followeeEnabled === null) return { _tag: "NotFound" }
  if (Number(state.followVersion) !== change.followVersion) return { _tag: "Stale" }
  if (state.active === change.following) return { _tag: "Same", followVersion: change.followVersion }
  if (change.following && !state.followeeEnabled) return { _tag: "NotFound" }
  if (change.following && state.blocked) return { _tag: "Blocked" }
  if (change.following && state.requested) return { _tag: "Requested" }
  return change.following && state.following >= Limits.followeesMax ? { _tag: "Full" } : { _tag: "Stale" }
}

export const make = Effect.map(SqlClient.SqlClient, (sql): FollowStore["Service"] => {
  /**
   * Locks go reader, edge, author: the reader row is the fence, so what this statement's snapshot shows of
   * the reader's edges still holds once the row is locked at the version asked for.
   */
  const change = (input: Change) =>
    sql<ChangedRow>`
      WITH fence AS MATERIALIZED (
        SELECT r.account, r.following FROM readers r
        WHERE r.account = ${input.follower} AND r.follow_version = ${BigInt(input.followVersion)} FOR UPDATE
      ), pair AS (
        SELECT a.id AS follower, a.no AS follower_no, a.shard, b.id AS followee, b.no AS followee_no,
          ${flagColumns(sql, input.flags ?? {})}
        FROM fence JOIN accounts a ON a.id = fence.account JOIN accounts b ON b.id = ${input.followee}
        WHERE a.id <> b.id AND a.disabled_at IS NULL
          AND (NOT ${input.following} OR (b.disabled_at IS NULL AND NOT b.locked AND NOT ${blockedBetween(sql, "a.id", "b.id")}
            AND fence.following < ${Limits.followeesMax}))
          AND EXISTS (SELECT FROM follows f WHERE f.follower = a.id AND f.followee = b.id AND f.active) <> ${input.following}
      ), ${edgeChange(sql, input.following, input.claimMillis)}`

  /** A locked followee is asked. The fence as above: a block raises both versions. */
  const request = (input: Change) =>
    sql`
      WITH fence AS MATERIALIZED (
        SELECT r.account FROM readers r
        WHERE r.account = ${input.follower} AND r.follow_version = ${BigInt(input.followVersion)} FOR UPDATE
      ), asked AS (
        INSERT INTO follow_requests AS q (account, target, account_no, target_no, reblogs, notify, languages)
        SELECT a.id, b.id, a.no, b.no, ${flagColumns(sql, input.flags ?? {})}
        FROM fence JOIN accounts a ON a.id = fence.account JOIN accounts b ON b.id = ${input.followee}
        WHERE a.id <> b.id AND a.disabled_at IS NULL AND b.disabled_at IS NULL AND b.locked
          AND NOT ${blockedBetween(sql, "a.id", "b.id")}
          AND NOT EXISTS (SELECT FROM follows f WHERE f.follower = a.id AND f.followee = b.id AND f.active)
        ON CONFLICT DO NOTHING RETURNING account, target
      ), ${noticed(sql, sql`SELECT target, ${kind.followRequest}::int, account, 0::bigint, false FROM asked`)}
      SELECT FROM asked`

  const withdraw = (input: Change) =>
    sql`
      WITH undone AS (
        DELETE FROM follow_requests WHERE account = ${input.follower} AND target = ${input.followee}
        RETURNING account, target
      ), ${withdrawn(sql, sql`SELECT target, ${kind.followRequest}::int, account, 0::bigint FROM undone`)}
      SELECT FROM undone`

  /** What is not given stays; on what stands already, an edge or a request. */
  const setFlags = (input: Change, flags: FollowFlags) => {
    const changed = sql`reblogs = coalesce(${flags.reblogs ?? null}::boolean, reblogs),
      notify = coalesce(${flags.notify ?? null}::boolean, notify), languages = CASE WHEN ${flags.languages === undefined}
        THEN languages ELSE ${languagesOf(flags)}::text[] END`
    return sql`
      WITH asked AS (
        UPDATE follow_requests SET ${changed} WHERE account = ${input.follower} AND target = ${input.followee}
      )
      UPDATE follows SET ${changed} WHERE follower = ${input.follower} AND followee = ${input.followee} AND active`
  }

  const state = (input: Change) =>
    sql<StateRow>`
      SELECT r.follow_version AS "followVersion", r.following, a.disabled_at IS NULL AS enabled,
        (SELECT disabled_at IS NULL FROM accounts WHERE id = ${input.followee}) AS "followeeEnabled",
        EXISTS (SELECT FROM follows WHERE follower = a.id AND followee = ${input.followee} AND active) AS active,
        ${blockedBetween(sql, "a.id", sql`${input.followee}::bigint`)} AS blocked,
        EXISTS (SELECT FROM follow_requests WHERE account = a.id AND target = ${input.followee}) AS requested
      FROM accounts a JOIN readers r ON r.account = a.id WHERE a.id = ${input.follower}`

  const refused = (input: Change): Effect.Effect<FollowResult, SqlError.SqlError> =>
    Effect.gen(function*() {
      yield* input.following ? request(input) : withdraw(input)
      if (input.following && input.flags !== undefined) yield* setFlags(input, input.flags)
      const [found] = yield* state(input)
      return refusalOf(input, found)
    })

  const set = (input: Change): Effect.Effect<FollowResult, SqlError.SqlError> =>
    Effect.flatMap(change(input), ([row]) =>
      row === undefined ? refused(input) : Effect.succeed<FollowResult>({
        _tag: "Changed",
        edge: edgeOf(input.follower, input.followee, input.following, row),
        outboxId: row.outboxId
      }))

  const reader = (account: AccountId) =>
    Effect.map(
      sql<{ followVersion: bigint; no: LocalNo }>`
        SELECT r.follow_version AS "followVersion", a.no FROM readers r JOIN accounts a ON a.id = r.account
        WHERE r.account = ${account}`,
      ([row]) => row && { followVersion: Number(row.followVersion), no: row.no }
    )

  const relations = (viewer: AccountId, others: ReadonlyArray<AccountId>) =>
    sql<RelationRow>`
      SELECT a.id,
        EXISTS (SELECT FROM follows WHERE follower = ${viewer} AND followee = a.id AND active) AS following,
        EXISTS (SELECT FROM follows WHERE follower = a.id AND followee = ${viewer} AND active) AS "followedBy"
      FROM accounts a WHERE a.id = ANY(${int8s(others)})`

  /** With `after` the page lies right above it, as in timelines. */
  const page = (own: "follower" | "followee", other: "follower" | "followee") =>
  (account: AccountId, query: CursorQuery) => {
    const upwards = query.after !== undefined
    const list = sql<{ id: AccountId; cursor: bigint }>`
      SELECT ${sql(other)} AS id, id AS cursor FROM follows
      WHERE ${sql(own)} = ${account} AND active AND id > ${query.after ?? 0n}
        AND id < ${query.before ?? 9_223_372_036_854_775_807n}
      ORDER BY follows.id ${sql.literal(upwards ? "ASC" : "DESC")} LIMIT ${query.limit}`
    return Effect.map(list, (rows) => ({ accounts: upwards ? rows.toReversed() : rows }))
  }
  const followers = page("followee", "follower")
  const following = page("follower", "followee")

  return {
    reader: (account) => operation("FollowStore.reader", reader(account)),
    set: (input) => operation("FollowStore.set", set(input)),
    relations: (viewer, others) => operation("FollowStore.relations", relations(viewer, others)),
    followers: (account, query) => operation("FollowStore.followers", followers(account, query)),
    following: (account, query) => operation("FollowStore.following", following(account, query))
  }
})
