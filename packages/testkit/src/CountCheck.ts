/** Whether counts are what they count (I10), asked of the tables themselves. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** One count that is not the size of its set. */
export interface Difference {
  readonly what: string
  readonly id: string
  readonly counted: number
  readonly there: number
}

const ofPosts = (count: string, set: string) =>
  `SELECT 'post ${count}' AS what, c.post_id::text AS id, c.${count} AS counted, (${set})::integer AS there
   FROM post_counts c JOIN posts p ON p.id = c.post_id WHERE p.deleted_at IS NULL`

const ofAuthors = (count: string, set: string) =>
  `SELECT 'author ${count}' AS what, a.account::text AS id, a.${count} AS counted, (${set})::integer AS there FROM authors a`

const all = [
  ofPosts("likes", "SELECT count(*) FROM likes l WHERE l.post_id = c.post_id"),
  ofPosts("reposts", "SELECT count(*) FROM reposts r WHERE r.post_id = c.post_id"),
  ofPosts("replies", "SELECT count(*) FROM posts q WHERE q.reply_to = c.post_id AND q.deleted_at IS NULL"),
  ofPosts("bookmarks", "SELECT count(*) FROM bookmarks b WHERE b.post_id = c.post_id"),
  ofAuthors("followers", "SELECT count(*) FROM follows f WHERE f.followee = a.account AND f.active"),
  ofAuthors("statuses", "SELECT count(*) FROM posts p WHERE p.author = a.account AND p.deleted_at IS NULL")
].join(" UNION ALL ")

/** All counts that are wrong now; empty when none is. Reads every row: for databases of tests. */
export const differences = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.unsafe<Difference>(`SELECT * FROM (${all}) AS counts WHERE counted <> there`)
})
