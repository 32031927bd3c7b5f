/** The one way in which a follow edge begins or ends, as the end of a statement. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import type { SqlClient } from "effect/sql"
import type { EdgeRow, FollowFlags } from "../FollowStore.ts"
import { kind, noticed, withdrawn } from "./notices.ts"
import { taskKinds } from "./outboxTask.ts"
import { texts } from "./statement.ts"

export interface ChangedRow {
  readonly followerNo: LocalNo
  readonly followerShard: number
  readonly followeeNo: LocalNo
  readonly version: number
  readonly sequence: bigint
  readonly followVersion: bigint
  readonly outboxId: bigint
}

/** As a parameter; NULL is every language. */
export const languagesOf = ({ languages }: FollowFlags) =>
  languages === null || languages === undefined ? null : texts(languages)

/** The columns `reblogs`, `notify` and `languages` that a CTE `pair` must have. */
export const flagColumns = (sql: SqlClient.SqlClient, flags: FollowFlags) =>
  sql`${flags.reblogs ?? true}::boolean AS reblogs, ${flags.notify ?? false}::boolean AS notify,
    ${languagesOf(flags)}::text[] AS languages`

/**
 * Follows a CTE `pair` of at most one row (follower, follower_no, shard, followee, followee_no and the flags), whose
 * reader row is locked and whose edge is not as wanted: the edge, both counters, both versions, the outbox row and the notice.
 * A request ends with it either way: who was asked while locked may have unlocked since, and be followed at once.
 */
export const edgeChange = (sql: SqlClient.SqlClient, following: boolean, claimMillis: number) =>
  sql`
    edge AS (
      INSERT INTO follows AS f
        (follower, followee, follower_no, followee_no, follower_shard, active, reblogs, notify, languages)
      SELECT follower, followee, follower_no, followee_no, shard, ${following}, reblogs, notify, languages FROM pair
      ON CONFLICT (follower, followee) DO UPDATE SET active = excluded.active, version = f.version + 1,
        id = excluded.id, created_at = excluded.created_at, reblogs = excluded.reblogs, notify = excluded.notify,
        languages = excluded.languages
      RETURNING f.follower, f.followee, f.follower_no, f.followee_no, f.follower_shard, f.active, f.version
    ), reader AS (
      UPDATE readers SET follow_version = follow_version + 1,
        following = following + CASE WHEN edge.active THEN 1 ELSE -1 END
      FROM edge WHERE account = edge.follower RETURNING follow_version
    ), author AS (
      UPDATE authors SET edge_sequence = edge_sequence + 1,
        followers = followers + CASE WHEN edge.active THEN 1 ELSE -1 END
      FROM edge WHERE account = edge.followee RETURNING edge_sequence
    ), ${noticed(sql, sql`SELECT followee, ${kind.follow}::int, follower, 0::bigint, false FROM edge WHERE active`)},
    asked AS (
      DELETE FROM follow_requests q USING edge WHERE q.account = edge.follower AND q.target = edge.followee
      RETURNING q.account, q.target
    ), ${withdrawn(sql, sql`SELECT followee, ${kind.follow}::int, follower, 0::bigint FROM edge WHERE NOT active
      UNION ALL SELECT target, ${kind.followRequest}::int, account, 0::bigint FROM asked`)},
    told AS (
      INSERT INTO outbox (owner, kind, payload, claimed_until)
      SELECT follower, ${taskKinds.Edge}, jsonb_build_object(
          'follower', follower::text, 'followerNo', follower_no, 'followerShard', follower_shard,
          'followee', followee::text, 'followeeNo', followee_no, 'active', active, 'version', version,
          'sequence', edge_sequence, 'followVersion', follow_version),
        clock_timestamp() + ${claimMillis}::int * interval '1 millisecond'
      FROM edge, reader, author RETURNING id
    )
    SELECT follower_no AS "followerNo", follower_shard AS "followerShard", followee_no AS "followeeNo", version,
      edge_sequence AS sequence, follow_version AS "followVersion", told.id AS "outboxId"
    FROM edge, reader, author, told`

export const edgeOf = (follower: AccountId, followee: AccountId, active: boolean, row: ChangedRow): EdgeRow => ({
  follower,
  followerNo: row.followerNo,
  followerShard: row.followerShard,
  followee,
  followeeNo: row.followeeNo,
  active,
  version: row.version,
  sequence: Number(row.sequence),
  followVersion: Number(row.followVersion)
})
