/** Deleting an account for good, in steps that each stay far below the limit of a transaction. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { StoreError } from "../StoreError.ts"
import { remove, removeWrappers } from "./postChanges.ts"
import { contents } from "./past/reader.ts"
import { operation } from "./statement.ts"

const rowsPerStep = 500
const stepsMax = 1_000_000

/** Repeats a step until it finds nothing to do. */
const drain = (name: string, step: Effect.Effect<number, SqlError.SqlError>): Effect.Effect<void, StoreError> =>
  Effect.gen(function*() {
    for (let i = 0; i < stepsMax; i++) {
      if ((yield* operation(name, step)) === 0) return
    }
    return yield* new StoreError({ operation: name, cause: new Error(`not done after ${stepsMax} steps`) })
  })

const posts = (sql: SqlClient.SqlClient, id: AccountId) =>
  Effect.gen(function*() {
    const rows = yield* sql<{ id: PostId }>`
      SELECT id FROM posts WHERE author = ${id} AND deleted_at IS NULL ORDER BY id DESC LIMIT ${rowsPerStep}`
    for (const row of rows) {
      yield* remove(sql, row.id)
      while ((yield* removeWrappers(sql, row.id, rowsPerStep)) > 0) {
        // The next of them, until none is left.
      }
    }
    return rows.length
  })

/** Ends edges in one direction; each change counts as one of the other account's set. */
const following = (sql: SqlClient.SqlClient, id: AccountId) =>
  Effect.map(
    sql<{ account: AccountId }>`
      WITH part AS MATERIALIZED (
        SELECT followee FROM follows WHERE follower = ${id} AND active ORDER BY followee LIMIT ${rowsPerStep}
      ), locked AS MATERIALIZED (
        SELECT account FROM authors JOIN part ON account = followee ORDER BY account FOR UPDATE OF authors
      ), ended AS (
        DELETE FROM follows f USING locked WHERE f.follower = ${id} AND f.followee = locked.account AND f.active
        RETURNING f.followee
      )
      UPDATE authors SET followers = followers - 1, edge_sequence = edge_sequence + 1
      FROM ended WHERE account = ended.followee RETURNING account`,
    (rows) => rows.length
  )

const followers = (sql: SqlClient.SqlClient, id: AccountId) =>
  Effect.map(
    sql<{ account: AccountId }>`
      WITH part AS MATERIALIZED (
        SELECT follower FROM follows WHERE followee = ${id} AND active AND NOT is_remote(follower) ORDER BY follower LIMIT ${rowsPerStep}
      ), locked AS MATERIALIZED (
        SELECT account FROM readers JOIN part ON account = follower ORDER BY account FOR UPDATE OF readers
      ), ended AS (
        DELETE FROM follows f USING locked WHERE f.followee = ${id} AND f.follower = locked.account AND f.active
        RETURNING f.follower
      )
      UPDATE readers SET following = following - 1, follow_version = follow_version + 1
      FROM ended WHERE account = ended.follower RETURNING account`,
    (rows) => rows.length
  )

/** Likes or bookmarks, with their counts. */
const marks = (sql: SqlClient.SqlClient, name: "likes" | "bookmarks", id: AccountId) =>
  Effect.map(
    sql`
      WITH part AS MATERIALIZED (
        SELECT post_id FROM ${sql.literal(name)} WHERE account = ${id} ORDER BY post_id LIMIT ${rowsPerStep}
      ), gone AS MATERIALIZED (
        DELETE FROM ${sql.literal(name)} l USING part WHERE l.account = ${id} AND l.post_id = part.post_id RETURNING l.post_id
      ), locked AS MATERIALIZED (
        SELECT c.post_id FROM post_counts c JOIN gone ON gone.post_id = c.post_id ORDER BY c.post_id FOR UPDATE OF c
      )
      UPDATE post_counts c SET ${sql.literal(`${name} = ${name} - 1`)} FROM locked WHERE c.post_id = locked.post_id RETURNING 1`,
    (rows) => rows.length
  )

/** Pictures go with the next sweep, also those of the profile. */
const media = (sql: SqlClient.SqlClient, id: AccountId) =>
  Effect.map(
    sql`
      WITH part AS MATERIALIZED (
        SELECT id FROM media WHERE account = ${id} AND (expires_at IS NULL OR expires_at > now()) ORDER BY id LIMIT ${rowsPerStep}
      )
      UPDATE media m SET post_id = NULL, expires_at = now() FROM part WHERE m.id = part.id RETURNING 1`,
    (rows) => rows.length
  )

/** What is left of the posts are tombstones without text. */
const rest = (sql: SqlClient.SqlClient, id: AccountId) =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`
      WITH gone AS (
        UPDATE posts SET text = '', spoiler = '', media = NULL, content = ${contents.here} WHERE author = ${id} RETURNING id
      )
      INSERT INTO past_loose (id) SELECT id FROM gone WHERE past_chunk_of(id) IS NOT NULL`
    yield* sql`DELETE FROM post_edits WHERE post_id IN (SELECT id FROM posts WHERE author = ${id})`
    yield* sql`DELETE FROM follows WHERE follower = ${id}`
    yield* sql`DELETE FROM follows WHERE followee = ${id}`
    yield* sql`DELETE FROM pins WHERE account = ${id}`
    yield* sql`DELETE FROM post_mentions WHERE account = ${id}`
    yield* sql`
      WITH gone AS (DELETE FROM conversations WHERE account = ${id} RETURNING id)
      DELETE FROM conversation_posts t USING gone WHERE t.conversation = gone.id`
    yield* sql`DELETE FROM notifications WHERE account = ${id}`
    yield* sql`DELETE FROM write_keys WHERE account = ${id}`
    const gone = yield* sql`DELETE FROM accounts WHERE id = ${id} RETURNING 1`
    return gone.length > 0
  }))

/**
 * Disables the account first, so that it writes nothing more, then takes out what hangs on it, so that every
 * counter stays right at every moment. When it fails half-way it can be called again.
 */
export const removeAccount = (sql: SqlClient.SqlClient, id: AccountId): Effect.Effect<boolean, StoreError> => {
  const name = "AccountStore.remove"
  const disable = sql`
    WITH gone AS (UPDATE accounts SET disabled_at = coalesce(disabled_at, now()) WHERE id = ${id} RETURNING id)
    UPDATE authors SET disabled = true FROM gone WHERE account = gone.id`
  return Effect.gen(function*() {
    const own = yield* operation(name, sql`SELECT 1 FROM accounts WHERE id = ${id} AND NOT remote`)
    if (own.length === 0) return false
    yield* operation(name, disable)
    yield* drain(name, posts(sql, id))
    yield* drain(name, following(sql, id))
    yield* drain(name, followers(sql, id))
    yield* drain(name, marks(sql, "likes", id))
    yield* drain(name, marks(sql, "bookmarks", id))
    yield* drain(name, media(sql, id))
    return yield* operation(name, rest(sql, id))
  })
}
