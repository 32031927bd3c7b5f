/** Likes of many posts in one statement, each post's count in the same transaction as its set. */
import type { PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { LikeChange } from "../PostStore.ts"
import { kind, noticed, withdrawn } from "./notices.ts"
import { blockedText } from "./relationRules.ts"
import { bools, int8s } from "./statement.ts"

const compare = (a: bigint, b: bigint): number => a < b ? -1 : a > b ? 1 : 0

/** The last word of each account on each post counts; rows are set in one order, so that two writers cannot block each other. */
const settled = (changes: ReadonlyArray<LikeChange>): Array<LikeChange> => {
  const last = new Map(changes.map((change) => [`${change.postId} ${change.account}`, change]))
  return [...last.values()].sort((a, b) => compare(a.postId, b.postId) || compare(a.account, b.account))
}

export const setLikes = (sql: SqlClient.SqlClient, changes: ReadonlyArray<LikeChange>) => {
  const rows = settled(changes)
  const posts = [...new Set(rows.map((row) => row.postId))]
  return Effect.map(
    sql<{ postId: PostId; likes: number }>`
      WITH post AS MATERIALIZED (
        SELECT id, author FROM posts WHERE id = ANY(${int8s(posts)}) AND deleted_at IS NULL
      ), input AS MATERIALIZED (
        SELECT i.post_id, i.account, i.liked, post.author
        FROM unnest(${int8s(rows.map((row) => row.postId))}, ${int8s(rows.map((row) => row.account))},
          ${bools(rows.map((row) => row.liked))}) AS i (post_id, account, liked)
        JOIN post ON post.id = i.post_id
      ), set_now AS (
        INSERT INTO likes (account, post_id) SELECT account, post_id FROM input
        WHERE liked AND NOT ${sql.literal(blockedText("input.account", "input.author"))} ORDER BY post_id, account
        ON CONFLICT DO NOTHING RETURNING account, post_id
      ), unset AS (
        DELETE FROM likes l USING input i WHERE NOT i.liked AND l.account = i.account AND l.post_id = i.post_id
        RETURNING l.account, l.post_id
      ), ${noticed(sql, sql`SELECT p.author, ${kind.favourite}::int, s.account, p.id, false FROM set_now s JOIN post p ON p.id = s.post_id`)},
      ${withdrawn(sql, sql`SELECT p.author, ${kind.favourite}::int, u.account, p.id FROM unset u JOIN post p ON p.id = u.post_id`)},
      counted AS (
        INSERT INTO post_counts AS c (post_id, likes)
        SELECT post_id, sum(n) FROM (SELECT post_id, 1 AS n FROM set_now UNION ALL SELECT post_id, -1 FROM unset) AS d
        GROUP BY post_id HAVING sum(n) <> 0 ORDER BY post_id
        ON CONFLICT (post_id) DO UPDATE SET likes = c.likes + excluded.likes RETURNING post_id, likes
      )
      SELECT post.id AS "postId", coalesce(n.likes, c.likes, 0) AS likes
      FROM post LEFT JOIN counted n ON n.post_id = post.id LEFT JOIN post_counts c ON c.post_id = post.id`,
    (found): ReadonlyMap<PostId, number> => new Map(found.map(({ likes, postId }) => [postId, likes]))
  )
}
