/** Old posts: their words in compressed chunks, apart from the narrow rows that pages and joins look at. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * One row for each partition of `posts` whose words are packed, or that is being filled anew (`live` false, one at a time).
 * `copied_to`: the copy holds what is up to this id. `tidied_to`: histories up to this id are gone from `post_edits`.
 */
const parts = `
CREATE TABLE past_parts (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  from_id bigint NOT NULL,
  to_id bigint NOT NULL,
  live boolean NOT NULL DEFAULT false,
  copied_to bigint NOT NULL,
  tidied_to bigint NOT NULL,
  posts_total bigint NOT NULL,
  posts bigint NOT NULL DEFAULT 0,
  packed bigint NOT NULL DEFAULT 0,
  bytes_before bigint NOT NULL DEFAULT 0,
  bytes_after bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
)`

/** `data` is compressed already: Postgres need not try. */
const chunks = [
  `CREATE TABLE past_chunks (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     part integer NOT NULL,
     first_id bigint NOT NULL,
     posts integer NOT NULL,
     codec smallint NOT NULL,
     raw_bytes integer NOT NULL,
     data bytea STORAGE EXTERNAL NOT NULL
   )`,
  "CREATE UNIQUE INDEX past_chunks_place ON past_chunks (part, first_id)",
  "CREATE UNIQUE INDEX past_parts_live ON past_parts (from_id) WHERE live",
  "CREATE UNIQUE INDEX past_parts_filled ON past_parts ((true)) WHERE NOT live"
]

/** Ids that changed while their partition is being filled anew; and ids that are in a chunk and must not be any more. */
const marks = [
  "CREATE TABLE past_changes (id bigint NOT NULL)",
  "CREATE TABLE past_loose (id bigint NOT NULL)",
  `CREATE FUNCTION past_changed() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO past_changes VALUES (CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END);
     RETURN NULL;
   END $$`
]

/** The chunk that holds the words of a post whose row says `content = 2`. */
const chunkOf = `
CREATE FUNCTION past_chunk_of(post bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT id FROM past_chunks
  WHERE part = (
    SELECT CASE WHEN to_id > post THEN id END FROM past_parts WHERE live AND from_id <= post ORDER BY from_id DESC LIMIT 1
  ) AND first_id <= post
  ORDER BY first_id DESC LIMIT 1
$$`

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([parts, ...chunks, ...marks, chunkOf], (text) => sql.unsafe(text), { discard: true })
})
