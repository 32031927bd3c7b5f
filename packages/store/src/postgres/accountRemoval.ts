/** Deleting an account for good, in steps that each stay far below the limit of a transaction. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { StoreError } from "../StoreError.ts"
import { remove, removeWrappers } from "./postChanges.ts"
import { contents } from "./past/reader.ts"
import { unprunedMatch } from "./postRows.ts"
import { operation } from "./statement.ts"

const rowsPerStep = 500
const stepsMax = 1_000_000

type Step = Effect.Effect<number, SqlError.SqlError>

/** Repeats a step until it finds nothing to do; each has the whole time of an operation. */
const drain = (name: string, step: Step): Effect.Effect<void, StoreError> =>
  Effect.gen(function*() {
    for (let i = 0; i < stepsMax; i++) {
      if ((yield* operation(name, step)) === 0) return
    }
    return yield* new StoreError({ operation: name, cause: new Error(`not done after ${stepsMax} steps`) })
  })

/** Wrappers that others made of a post go after it: nobody reposts what is gone. What is left of them by a failure is swept (sweep.ts). */
const posts = (name: string, sql: SqlClient.SqlClient, id: AccountId) =>
  Effect.gen(function*() {
    for (let i = 0; i < stepsMax; i++) {
      const rows = yield* operation(name, sql<{ id: PostId }>`
        SELECT id FROM posts WHERE author = ${id} AND deleted_at IS NULL ORDER BY id DESC LIMIT ${rowsPerStep}`)
      if (rows.length === 0) return
      for (const row of rows) {
        yield* operation(name, remove(sql, row.id))
        yield* drain(name, removeWrappers(sql, row.id, rowsPerStep))
      }
    }
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
      ), counted AS (
        UPDATE post_counts c SET ${sql.literal(`${name} = ${name} - 1`)} FROM locked WHERE c.post_id = locked.post_id
      )
      SELECT 1 FROM gone`,
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

/** Tombstones lose their words, those of posts that were deleted long ago too. Goes on above where its last run ended: each removal makes one. */
const words = (sql: SqlClient.SqlClient, id: AccountId): Step => {
  let after = 0n
  return Effect.suspend(() =>
    Effect.map(
      sql<{ id: PostId }>`
        WITH part AS MATERIALIZED (
          SELECT id FROM posts WHERE author = ${id} AND deleted_at IS NOT NULL AND id > ${after} ORDER BY id LIMIT ${rowsPerStep}
        ), unedited AS (
          DELETE FROM post_edits e USING part WHERE e.post_id = part.id
        ), gone AS (
          UPDATE posts p SET text = '', spoiler = '', media = NULL, content = ${contents.here} FROM part
          WHERE ${sql.literal(unprunedMatch("p.id", "part.id"))}
            AND (p.text <> '' OR p.spoiler <> '' OR p.media IS NOT NULL OR p.content <> ${contents.here}) RETURNING p.id
        ), loosened AS (
          INSERT INTO past_loose (id) SELECT id FROM gone WHERE past_chunk_of(id) IS NOT NULL
        )
        SELECT id FROM part ORDER BY id`,
      (rows) => {
        after = rows.at(-1)?.id ?? after
        return rows.length
      }
    )
  )
}

/** Rows that name the account in one column; those of `which` alone, so that an index of such rows serves. */
const named = (sql: SqlClient.SqlClient, id: AccountId, table: string, column: string, which = "true"): Step =>
  Effect.map(
    sql`
      DELETE FROM ${sql.literal(table)} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM ${sql.literal(table)} WHERE ${sql.literal(column)} = ${id} AND ${sql.literal(which)} LIMIT ${rowsPerStep}
      )) RETURNING 1`,
    (rows) => rows.length
  )

const conversations = (sql: SqlClient.SqlClient, id: AccountId): Step =>
  Effect.map(
    sql`
      WITH part AS MATERIALIZED (
        SELECT t.conversation, t.post_id FROM conversation_posts t JOIN conversations c ON c.id = t.conversation
        WHERE c.account = ${id} LIMIT ${rowsPerStep}
      )
      DELETE FROM conversation_posts t USING part WHERE t.conversation = part.conversation AND t.post_id = part.post_id RETURNING 1`,
    (rows) => rows.length
  )

/** Where there may be many rows of one account. What else names it goes with its row. */
const manyOf: ReadonlyArray<readonly [table: string, column: string, which?: string]> = [
  ["follows", "follower"], ["follows", "followee", "active"], ["follows", "followee", "NOT active"], ["pins", "account"], ["post_mentions", "account"], ["conversations", "account"],
  ["notifications", "account"], ["write_keys", "account"], ["blocks", "account"], ["blocks", "target"], ["mutes", "account"],
  ["mutes", "target"], ["follow_requests", "account"], ["follow_requests", "target"], ["endorsements", "account"],
  ["endorsements", "target"], ["account_notes", "account"], ["account_notes", "target"]
]

const rest = (name: string, sql: SqlClient.SqlClient, id: AccountId) =>
  Effect.gen(function*() {
    yield* drain(name, words(sql, id))
    yield* drain(name, conversations(sql, id))
    for (const rows of manyOf) yield* drain(name, named(sql, id, ...rows))
    const gone = yield* operation(name, sql`DELETE FROM accounts WHERE id = ${id} RETURNING 1`)
    return gone.length > 0
  })

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
    yield* posts(name, sql, id)
    yield* drain(name, following(sql, id))
    yield* drain(name, followers(sql, id))
    yield* drain(name, marks(sql, "likes", id))
    yield* drain(name, marks(sql, "bookmarks", id))
    yield* drain(name, media(sql, id))
    return yield* rest(name, sql, id)
  })
}
