/** What new posts name: people and tags as rows, and the conversations of direct posts; parts of the publish statement. */
import * as PostParts from "@rookery/domain/PostParts"
import type { SqlClient, Statement } from "effect/sql"
import type { PublishRow } from "../PostStore.ts"
import { textOf } from "./publishRows.ts"
import { int8s, storable, texts } from "./statement.ts"

/** Pairs of a row's place, from 1, and what it names. */
const pairsOf = (rows: ReadonlyArray<PublishRow>, named: (row: PublishRow) => ReadonlyArray<string>) => {
  const ords: Array<bigint> = []
  const values: Array<string> = []
  rows.forEach((row, i) => {
    if (row.draft.repostOf !== null) return
    for (const value of named(row)) {
      ords.push(BigInt(i + 1))
      values.push(storable(value))
    }
  })
  return { ords: int8s(ords), values: texts(values) }
}

/** The column `mentions` of the people in the rows `n`. */
export const mentionsOf = "jsonb_agg(jsonb_build_object('id', n.account::text, 'username', n.username) ORDER BY n.account)"

/** CTEs after `accepted`: `named_people`, `named_of`, and the rows of mentions and tags. */
export const namedIn = (sql: SqlClient.SqlClient, rows: ReadonlyArray<PublishRow>): Statement.Fragment => {
  const people = pairsOf(rows, (row) => row.draft.mentions ?? [])
  const tags = pairsOf(rows, (row) => PostParts.tagsOf(textOf(row)))
  return sql`
    named_people AS MATERIALIZED (
      SELECT DISTINCT a.id AS post_id, k.id AS account, k.username
      FROM unnest(${people.ords}, ${people.values}) AS m (ord, key)
      JOIN accepted a ON a.ord = m.ord
      JOIN accounts k ON k.username_key = m.key AND k.disabled_at IS NULL
    ), named_of AS MATERIALIZED (
      SELECT n.post_id, ${sql.literal(mentionsOf)} AS mentions FROM named_people n GROUP BY n.post_id
    ), mentioning AS (
      INSERT INTO post_mentions (account, post_id) SELECT account, post_id FROM named_people
    ), tagging AS (
      INSERT INTO post_tags (post_id, tag, author, visibility)
      SELECT a.id, t.tag, a.author, a.visibility FROM unnest(${tags.ords}, ${tags.values}) AS t (ord, tag)
      JOIN accepted a ON a.ord = t.ord
    )`
}

/**
 * CTEs that put direct posts into the conversations of those of this datacenter who take part: the author, and whoever is
 * mentioned and hears of the author. Who took part decides, with the thread, which conversation it is. Each person is asked
 * about alone: what one has already, another may come to hear of later.
 */
export const talkedIn = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`
    talk AS MATERIALIZED (
      SELECT a.id AS post_id, a.author, coalesce(a.thread, a.id) AS thread, ARRAY(
        SELECT a.author UNION SELECT n.account FROM named_people n WHERE n.post_id = a.id ORDER BY 1
      ) AS people
      FROM accepted a WHERE a.visibility = 3 AND a.wrapped IS NULL
    ), entering AS MATERIALIZED (
      SELECT who.account, t.thread, array_remove(t.people, who.account) AS people, t.post_id, t.author
      FROM talk t CROSS JOIN LATERAL unnest(t.people) AS who (account)
      WHERE CASE WHEN who.account = t.author THEN NOT is_remote(t.author) ELSE hears(who.account, t.author) END
        AND NOT EXISTS (
          SELECT FROM conversation_posts c JOIN conversations v ON v.id = c.conversation
          WHERE c.post_id = t.post_id AND v.account = who.account)
    ), talked AS (
      INSERT INTO conversations AS v (account, thread, people, last_post, unread)
      SELECT account, thread, people, max(post_id), (array_agg(author <> account ORDER BY post_id DESC))[1]
      FROM entering GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (account, thread, people) DO UPDATE
        SET last_post = greatest(v.last_post, excluded.last_post), unread = excluded.unread
      RETURNING id, account, thread, people
    ), talked_posts AS (
      INSERT INTO conversation_posts (conversation, post_id)
      SELECT v.id, e.post_id FROM talked v JOIN entering e USING (account, thread, people)
    )`
