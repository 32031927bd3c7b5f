/** Posts in partitions by time, and what hangs on them. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Ids carry their time, so ranges of ids are ranges of time. There is no DEFAULT partition, since with one
 * the planner can no longer read partitions newest first and stop; `posts_tail` (see partitions.ts) catches what
 * lies beyond the last month. A deleted post stays as a tombstone (`deleted_at`).
 * A reply to, or a repost of, a wrapper stands as one of the post inside it.
 */
const posts = `
CREATE TABLE posts (
  id bigint NOT NULL PRIMARY KEY,
  author bigint NOT NULL,
  author_no integer NOT NULL,
  visibility smallint NOT NULL,
  sensitive boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  reply_to bigint,
  reply_to_author bigint,
  repost_of bigint,
  edited_at timestamptz,
  deleted_at timestamptz,
  text text NOT NULL DEFAULT '',
  spoiler text NOT NULL DEFAULT '',
  language text
) PARTITION BY RANGE (id)`

const postIndexes = [
  "CREATE INDEX posts_of_author ON posts (author, id DESC) WHERE deleted_at IS NULL",
  "CREATE INDEX posts_replies ON posts (reply_to, id) WHERE reply_to IS NOT NULL",
  "CREATE INDEX posts_deleted ON posts (deleted_at) WHERE deleted_at IS NOT NULL"
]

const edits = `
CREATE TABLE post_edits (
  post_id bigint NOT NULL,
  version integer NOT NULL,
  text text NOT NULL,
  spoiler text NOT NULL,
  sensitive boolean NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (post_id, version)
)`

/** Made with the first like, repost or reply: most posts have none. */
const counts = `
CREATE TABLE post_counts (
  post_id bigint PRIMARY KEY,
  likes integer NOT NULL DEFAULT 0,
  reposts integer NOT NULL DEFAULT 0,
  replies integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70)`

const marks = [
  `CREATE TABLE likes (
     account bigint NOT NULL,
     post_id bigint NOT NULL,
     id bigint GENERATED ALWAYS AS IDENTITY,
     PRIMARY KEY (account, post_id)
   )`,
  "CREATE INDEX likes_of_post ON likes (post_id, id DESC) INCLUDE (account)",
  `CREATE TABLE reposts (
     account bigint NOT NULL,
     post_id bigint NOT NULL,
     wrapper bigint NOT NULL,
     PRIMARY KEY (account, post_id)
   )`,
  "CREATE INDEX reposts_of_post ON reposts (post_id, wrapper DESC) INCLUDE (account)"
]

/** Request keys of posts, kept for a day; ids carry the time, so the sweep goes by id. */
const keys = [
  `CREATE TABLE write_keys (
     account bigint NOT NULL,
     key text NOT NULL,
     post_id bigint NOT NULL,
     PRIMARY KEY (account, key)
   )`,
  "CREATE INDEX write_keys_age ON write_keys (post_id)"
]

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const statements = [posts, ...postIndexes, edits, counts, ...marks, ...keys]
  yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
})
