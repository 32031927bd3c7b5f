/** What has to be done to the tables now and then, by any one process or by several. */
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { StoreError } from "../StoreError.ts"
import { sweepExpired } from "./oauthCodes.ts"
import { ensurePartitions } from "./partitions.ts"
import { removeWrappers } from "./postChanges.ts"
import { operation } from "./statement.ts"

/** Rows that one statement takes, and statements that one sweep runs: what is left waits for the next sweep. */
const rowsPerStep = 5_000
const stepsMax = 200

/** Days for which changes of posts are kept: more than a cursor of `/api/x/stream` may be old (ArrivalStore.ts). */
const changeDays = 8

export interface Swept {
  readonly changes: number
  readonly keys: number
  readonly wrappers: number
  /** Codes and logins. */
  readonly expired: number
  /** That have run out. */
  readonly mutes: number
  readonly notifications: number
}

export interface SweepOptions {
  /** Days for which notifications are kept; more than a cursor of `/api/x/stream` may be old. */
  readonly notificationDays: number
}

/** Repeats a step that answers how many rows it took, until it takes none; answers the sum. */
const drain = (step: Effect.Effect<number, StoreError>): Effect.Effect<number, StoreError> =>
  Effect.gen(function*() {
    let sum = 0
    for (let i = 0; i < stepsMax; i++) {
      const taken = yield* step
      if (taken === 0) break
      sum += taken
    }
    return sum
  })

/** Request keys are kept for a day, by the time in the post's id. */
const sweepKeys = (sql: SqlClient.SqlClient) =>
  operation(
    "sweep.keys",
    Effect.map(
      sql`
        DELETE FROM write_keys WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM write_keys
          WHERE post_id < ((extract(epoch FROM now() - interval '1 day') * 1000)::bigint - ${BigInt(Snowflake.epochMillis)}) << 22
          ORDER BY post_id LIMIT ${rowsPerStep} FOR UPDATE SKIP LOCKED
        )) RETURNING 1`,
      (rows) => rows.length
    )
  )

/** Wrappers of posts that were deleted lately, and whose deletion was cut short. */
const sweepWrappers = (sql: SqlClient.SqlClient) =>
  operation(
    "sweep.wrappers",
    Effect.gen(function*() {
      const posts = yield* sql<{ id: PostId }>`
        SELECT p.id FROM posts p WHERE p.deleted_at > now() - interval '2 days'
          AND EXISTS (SELECT FROM reposts r WHERE r.post_id = p.id AND NOT is_remote(r.account)) LIMIT 1`
      return posts.length === 0 ? 0 : yield* removeWrappers(sql, posts[0]!.id, rowsPerStep)
    })
  )

const sweepChanges = (sql: SqlClient.SqlClient) =>
  operation(
    "sweep.changes",
    Effect.map(
      sql`
        DELETE FROM post_changes WHERE id = ANY(ARRAY(
          SELECT id FROM post_changes WHERE created_at < now() - ${changeDays}::int * interval '1 day'
          ORDER BY created_at LIMIT ${rowsPerStep} FOR UPDATE SKIP LOCKED
        )) RETURNING 1`,
      (rows) => rows.length
    )
  )

const sweepMutes = (sql: SqlClient.SqlClient) =>
  operation(
    "sweep.mutes",
    Effect.map(
      sql`
        DELETE FROM mutes WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM mutes WHERE expires_at < now() ORDER BY expires_at LIMIT ${rowsPerStep} FOR UPDATE SKIP LOCKED
        )) RETURNING 1`,
      (rows) => rows.length
    )
  )

/** With them go the requests of senders who were held back, and have sent nothing since. */
const sweepNotifications = (sql: SqlClient.SqlClient, days: number) =>
  operation(
    "sweep.notifications",
    Effect.map(
      sql`
        WITH old AS MATERIALIZED (
          SELECT account, id FROM notifications WHERE created_at < now() - ${days}::int * interval '1 day'
          ORDER BY created_at LIMIT ${rowsPerStep} FOR UPDATE SKIP LOCKED
        ), gone AS (
          DELETE FROM notifications n USING old WHERE n.account = old.account AND n.id = old.id
          RETURNING n.account, n.from_account, n.filtered
        ), unasked AS (
          DELETE FROM notification_requests r USING (SELECT DISTINCT account, from_account FROM gone WHERE filtered) g
          WHERE r.account = g.account AND r.from_account = g.from_account AND NOT r.accepted
            AND r.updated_at < now() - ${days}::int * interval '1 day'
        )
        SELECT 1 AS one FROM gone`,
      (rows) => rows.length
    )
  )

/** Creates partitions to come, forgets old request keys, codes, logins, mutes and notifications, and ends deletions that were cut short. Run it every few minutes. */
export const sweep = ({ notificationDays }: SweepOptions): Effect.Effect<Swept, StoreError, SqlClient.SqlClient> => Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* operation("sweep.partitions", ensurePartitions)
  const keys = yield* drain(sweepKeys(sql))
  const wrappers = yield* drain(sweepWrappers(sql))
  const expired = yield* drain(operation("sweep.expired", sweepExpired(sql, rowsPerStep)))
  const changes = yield* drain(sweepChanges(sql))
  const mutes = yield* drain(sweepMutes(sql))
  const notifications = yield* drain(sweepNotifications(sql, notificationDays))
  return { changes, keys, wrappers, expired, mutes, notifications }
})
