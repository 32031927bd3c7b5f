/** What posts name (people, tags), what people keep of posts (bookmarks, pins), direct conversations, and views. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** `mentions` is a list of `{"id", "username"}` or NULL; `conversation` is the first post of the thread, NULL for that itself. */
const parts = "ALTER TABLE posts ADD COLUMN mentions jsonb, ADD COLUMN conversation bigint"

const mentions = [
  `CREATE TABLE post_mentions (
     account bigint NOT NULL,
     post_id bigint NOT NULL,
     PRIMARY KEY (account, post_id)
   )`,
  "CREATE INDEX post_mentions_of_post ON post_mentions (post_id) INCLUDE (account)"
]

/** Author and visibility stand here too, so that a tag's timeline and an author's posts of a tag are one index scan. */
const tags = [
  `CREATE TABLE post_tags (
     post_id bigint NOT NULL,
     tag text NOT NULL,
     author bigint NOT NULL,
     visibility smallint NOT NULL,
     PRIMARY KEY (post_id, tag)
   )`,
  "CREATE INDEX post_tags_public ON post_tags (tag, post_id DESC) INCLUDE (author) WHERE visibility = 0",
  "CREATE INDEX post_tags_of_author ON post_tags (author, tag, post_id DESC)"
]

/** The public timeline: no reposts, and no answers to others. */
const publicTimeline = `
CREATE INDEX posts_public ON posts (id DESC)
WHERE deleted_at IS NULL AND visibility = 0 AND repost_of IS NULL AND (reply_to IS NULL OR reply_to_author = author)`

/** Counts tell whether a post can have a mark of anybody at all: most need not be asked for. */
const counts = `
ALTER TABLE post_counts
  ADD COLUMN bookmarks integer NOT NULL DEFAULT 0,
  ADD COLUMN pinned boolean NOT NULL DEFAULT false`

/** `id` orders and pages what a person kept, the latest first. */
const kept = (name: string) => [
  `CREATE TABLE ${name} (
     account bigint NOT NULL,
     post_id bigint NOT NULL,
     id bigint GENERATED ALWAYS AS IDENTITY,
     PRIMARY KEY (account, post_id)
   )`,
  `CREATE INDEX ${name}_list ON ${name} (account, id DESC) INCLUDE (post_id)`
]

const favourites = "CREATE INDEX likes_of_account ON likes (account, id DESC) INCLUDE (post_id)"

/** One row for each person in each thread of direct posts with the same others, and the posts behind it. */
const conversations = [
  `CREATE TABLE conversations (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     account bigint NOT NULL,
     thread bigint NOT NULL,
     people bigint[] NOT NULL,
     last_post bigint,
     unread boolean NOT NULL,
     UNIQUE (account, thread, people)
   )`,
  "CREATE INDEX conversations_list ON conversations (account, last_post DESC) WHERE last_post IS NOT NULL",
  `CREATE TABLE conversation_posts (
     conversation bigint NOT NULL,
     post_id bigint NOT NULL,
     PRIMARY KEY (conversation, post_id)
   )`,
  "CREATE INDEX conversation_posts_of_post ON conversation_posts (post_id)"
]

const views = `
CREATE TABLE post_views (
  post_id bigint PRIMARY KEY,
  views bigint NOT NULL
) WITH (fillfactor = 70)`

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const statements = [
    parts,
    ...mentions,
    ...tags,
    publicTimeline,
    counts,
    ...kept("bookmarks"),
    ...kept("pins"),
    favourites,
    ...conversations,
    views
  ]
  yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
})
