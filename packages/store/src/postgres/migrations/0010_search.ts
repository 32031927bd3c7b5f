/** What is searched, and what trends: copies that are made anew from the tables of before, never the truth. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * One row for each post that has words: apart from `posts`, since a full-text index there would be written in
 * the statement that publishes. `words` holds words in their places and marks (domain/SearchMarks.ts).
 */
const posts = [
  `CREATE TABLE post_search (
     post_id bigint PRIMARY KEY,
     author bigint NOT NULL,
     visibility smallint NOT NULL,
     version integer NOT NULL,
     words tsvector NOT NULL
   )`,
  "CREATE INDEX post_search_words ON post_search USING gin (words)"
]

/** How far posts and their changes are in `post_search`: one row, which is also the lock of whoever goes on. */
const progress = [
  `CREATE TABLE search_progress (
     posts_to bigint NOT NULL,
     changes_from xid8 NOT NULL
   )`,
  "INSERT INTO search_progress VALUES (0, '0')"
]

/** Public posts of each tag. Bytes are compared, so that a prefix is a range. */
const tags = [
  `CREATE TABLE tags (
     tag text COLLATE "C" PRIMARY KEY,
     posts bigint NOT NULL
   ) WITH (fillfactor = 80)`,
  "CREATE INDEX tags_posts ON tags (posts DESC)"
]

/** As `SearchText.namesOf` makes them of what is asked. */
const nameWords = `
CREATE FUNCTION name_words(username text, display_name text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
  SELECT array_to_tsvector(array(
    SELECT DISTINCT w FROM unnest(regexp_split_to_array(
      lower(regexp_replace(normalize(username || ' ' || display_name, NFKD), '[\\u0300-\\u036f]', '', 'g') COLLATE pg_c_utf8),
      '[[:space:][:punct:]]+'
    )) AS w WHERE w <> ''
  ))
$$`

const names = [
  nameWords,
  "ALTER TABLE accounts ADD COLUMN name_words tsvector GENERATED ALWAYS AS (name_words(username, display_name)) STORED",
  "CREATE INDEX accounts_name_words ON accounts USING gin (name_words) WITH (fastupdate = off)"
]

const trends = [
  "CREATE TABLE trending_tags (tag text PRIMARY KEY, score float8 NOT NULL, accounts integer NOT NULL)",
  "CREATE TABLE trending_posts (post_id bigint PRIMARY KEY, author bigint NOT NULL, score float8 NOT NULL)",
  "CREATE TABLE trend_progress (computed_at timestamptz NOT NULL)",
  "INSERT INTO trend_progress VALUES (to_timestamp(0))"
]

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([...posts, ...progress, ...tags, ...names, ...trends], (text) => sql.unsafe(text), { discard: true })
})
