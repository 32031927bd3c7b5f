/** Pictures: which objects there are, whose they are, and which post or profile shows them. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * A row is there before its first object and goes after its last, so that no object is ever forgotten.
 * `purpose`: 0 a post, 1 an avatar, 2 a header. `state`: 0 being stored, 1 stored, 2 being taken away.
 * `shown` is the picture as posts carry it; `expires_at` says when it may go, NULL while something shows it.
 */
const media = `
CREATE TABLE media (
  id bigint PRIMARY KEY,
  account bigint NOT NULL,
  purpose smallint NOT NULL,
  state smallint NOT NULL DEFAULT 0,
  objects text[] NOT NULL,
  shown jsonb,
  post_id bigint,
  expires_at timestamptz
)`

const indexes = [
  "CREATE INDEX media_expiring ON media (expires_at) WHERE expires_at IS NOT NULL",
  "CREATE INDEX media_of_post ON media (post_id) WHERE post_id IS NOT NULL",
  "CREATE INDEX media_of_account ON media (account, expires_at)"
]

/** A list of what `media.shown` holds, in order; NULL for a post without pictures. */
const carried = [
  "ALTER TABLE posts ADD COLUMN media jsonb",
  "ALTER TABLE post_edits ADD COLUMN media jsonb",
  "CREATE INDEX posts_with_media_of_author ON posts (author, id DESC) WHERE deleted_at IS NULL AND media IS NOT NULL",
  `CREATE INDEX posts_public_with_media ON posts (id DESC)
   WHERE deleted_at IS NULL AND visibility = 0 AND repost_of IS NULL AND (reply_to IS NULL OR reply_to_author = author)
     AND media IS NOT NULL`
]

/** Keys of objects. */
const profiles = "ALTER TABLE accounts ADD COLUMN avatar text, ADD COLUMN header text"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([media, ...indexes, ...carried, profiles], (text) => sql.unsafe(text), { discard: true })
})
