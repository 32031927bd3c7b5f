/** Follow edges in Postgres: one statement commits an edge with everything that it moves. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { CursorQuery, EdgeRow, FollowResult, FollowStore, RelationRow } from "../FollowStore.ts"
import { taskKinds } from "./outboxTask.ts"
import { int8s, operation } from "./statement.ts"

type Change = Parameters<FollowStore["Service"]["set"]>[0]

interface ChangedRow {
  readonly followerNo: LocalNo
  readonly followerShard: number
  readonly followeeNo: LocalNo
  readonly version: number
  readonly sequence: bigint
  readonly followVersion: bigint
  readonly outboxId: bigint
}

/** Why nothing was written; undefined columns are rows that are not there. */
interface StateRow {
  readonly followVersion: bigint | null
  readonly following: number
  readonly enabled: boolean
  readonly followeeEnabled: boolean | null
  readonly active: boolean
}

const changedOf = (change: Change, row: ChangedRow): FollowResult => {
  const edge: EdgeRow = {
    follower: change.follower,
    followerNo: row.followerNo,
    followerShard: row.followerShard,
    followee: change.followee,
    followeeNo: row.followeeNo,
    active: change.following,
    version: row.version,
    sequence: Number(row.sequence),
    followVersion: Number(row.followVersion)
  }
  return { _tag: "Changed", edge, outboxId: row.outboxId }
}

/** `Stale` also stands for what changed between the two statements: the actor loads again and repeats. */
const refusalOf = (change: Change, state: StateRow | undefined): FollowResult => {
  if (!state || state.followVersion === null || !state.enabled) return { _tag: "NotFound" }
  if (change.follower === change.followee || state.followeeEnabled === null) return { _tag: "NotFound" }
  if (Number(state.followVersion) !== change.followVersion) return { _tag: "Stale" }
  if (state.active === change.following) return { _tag: "Same", followVersion: change.followVersion }
  if (change.following && !state.followeeEnabled) return { _tag: "NotFound" }
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
        SELECT a.id AS follower, a.no AS follower_no, a.shard, b.id AS followee, b.no AS followee_no
        FROM fence JOIN accounts a ON a.id = fence.account JOIN accounts b ON b.id = ${input.followee}
        WHERE a.id <> b.id AND a.disabled_at IS NULL
          AND (NOT ${input.following} OR (b.disabled_at IS NULL AND fence.following < ${Limits.followeesMax}))
          AND EXISTS (SELECT FROM follows f WHERE f.follower = a.id AND f.followee = b.id AND f.active) <> ${input.following}
      ), edge AS (
        INSERT INTO follows AS f (follower, followee, follower_no, followee_no, follower_shard, active)
        SELECT follower, followee, follower_no, followee_no, shard, ${input.following} FROM pair
        ON CONFLICT (follower, followee) DO UPDATE SET active = excluded.active, version = f.version + 1,
          id = excluded.id, created_at = excluded.created_at
        RETURNING f.follower, f.followee, f.follower_no, f.followee_no, f.follower_shard, f.active, f.version
      ), reader AS (
        UPDATE readers SET follow_version = follow_version + 1,
          following = following + CASE WHEN edge.active THEN 1 ELSE -1 END
        FROM edge WHERE account = edge.follower RETURNING follow_version
      ), author AS (
        UPDATE authors SET edge_sequence = edge_sequence + 1,
          followers = followers + CASE WHEN edge.active THEN 1 ELSE -1 END
        FROM edge WHERE account = edge.followee RETURNING edge_sequence
      ), told AS (
        INSERT INTO outbox (owner, kind, payload, claimed_until)
        SELECT follower, ${taskKinds.Edge}, jsonb_build_object(
            'follower', follower::text, 'followerNo', follower_no, 'followerShard', follower_shard,
            'followee', followee::text, 'followeeNo', followee_no, 'active', active, 'version', version,
            'sequence', edge_sequence, 'followVersion', follow_version),
          clock_timestamp() + ${input.claimMillis}::int * interval '1 millisecond'
        FROM edge, reader, author RETURNING id
      )
      SELECT follower_no AS "followerNo", follower_shard AS "followerShard", followee_no AS "followeeNo", version,
        edge_sequence AS sequence, follow_version AS "followVersion", told.id AS "outboxId"
      FROM edge, reader, author, told`

  const state = (input: Change) =>
    sql<StateRow>`
      SELECT r.follow_version AS "followVersion", r.following, a.disabled_at IS NULL AS enabled,
        (SELECT disabled_at IS NULL FROM accounts WHERE id = ${input.followee}) AS "followeeEnabled",
        EXISTS (SELECT FROM follows WHERE follower = a.id AND followee = ${input.followee} AND active) AS active
      FROM accounts a JOIN readers r ON r.account = a.id WHERE a.id = ${input.follower}`

  const set = (input: Change): Effect.Effect<FollowResult, SqlError.SqlError> =>
    Effect.flatMap(change(input), ([row]) =>
      row !== undefined
        ? Effect.succeed(changedOf(input, row))
        : Effect.map(state(input), ([found]) => refusalOf(input, found)))

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
