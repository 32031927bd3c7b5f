/** Posts in Postgres. Publishing, likes, and edits with deletes have files of their own. */
import type { PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { CursorQuery } from "../FollowStore.ts"
import type { Act } from "../ModerationStore.ts"
import { type Mark, type Marker, NoMedia, type PostStore } from "../PostStore.ts"
import { setLikes } from "./likes.ts"
import { editAnywhere } from "./past/editPacked.ts"
import { history } from "./past/history.ts"
import * as Changes from "./postChanges.ts"
import { publish } from "./postPublish.ts"
import { postsOf } from "./postRows.ts"
import { int8s, operation } from "./statement.ts"

/** How far up or down a conversation is walked. */
const conversationDepthMax = 1_000

const idMax = 9_223_372_036_854_775_807n

/** Wrappers taken out by the delete itself; the rest follows in sweep.ts, hidden meanwhile with the post inside. */
const wrappersAtOnce = 1_000

export const make = Effect.map(SqlClient.SqlClient, (sql): PostStore["Service"] => {
  const idsOf = <A>(rows: ReadonlyArray<{ readonly id: A }>): ReadonlyArray<A> => rows.map((row) => row.id)

  const marks: PostStore["Service"]["marks"] = (pairs) =>
    operation(
      "PostStore.marks",
      sql<Mark>`
        SELECT * FROM (
          SELECT i.viewer, i."postId",
            EXISTS (SELECT FROM likes l WHERE l.account = i.viewer AND l.post_id = i."postId") AS liked,
            EXISTS (SELECT FROM reposts r WHERE r.account = i.viewer AND r.post_id = i."postId") AS reposted,
            EXISTS (SELECT FROM bookmarks b WHERE b.account = i.viewer AND b.post_id = i."postId") AS bookmarked,
            EXISTS (
              SELECT FROM conversation_mutes q JOIN posts p ON q.thread = coalesce(p.conversation, p.id)
              WHERE q.account = i.viewer AND p.id = i."postId"
            ) AS muted
          FROM unnest(${int8s(pairs.map((pair) => pair.viewer))}, ${int8s(pairs.map((pair) => pair.postId))})
            AS i (viewer, "postId")
        ) m WHERE liked OR reposted OR bookmarked OR muted`
    )

  /** Ends at the first post above that is deleted. */
  const ancestors = (id: PostId, limit: number) =>
    Effect.map(
      sql<{ id: PostId }>`
        WITH RECURSIVE above AS (
          SELECT reply_to AS id, 1 AS depth FROM posts WHERE id = ${id}
          UNION ALL
          SELECT p.reply_to, depth + 1 FROM above JOIN posts p ON p.id = above.id
          WHERE p.deleted_at IS NULL AND depth < ${Math.min(limit, conversationDepthMax)}
        )
        SELECT above.id FROM above JOIN posts p ON p.id = above.id
        WHERE p.deleted_at IS NULL ORDER BY depth DESC`,
      idsOf
    )

  /** Replies below a deleted reply stay in the conversation. */
  const descendants = (id: PostId, limit: number) =>
    Effect.map(
      sql<{ id: PostId }>`
        WITH RECURSIVE below AS (
          SELECT id, deleted_at, 1 AS depth FROM posts WHERE reply_to = ${id}
          UNION ALL
          SELECT p.id, p.deleted_at, depth + 1 FROM below JOIN posts p ON p.reply_to = below.id
          WHERE depth < ${conversationDepthMax}
        )
        SELECT id FROM (SELECT * FROM below LIMIT ${Math.max(limit, conversationDepthMax)}) found
        WHERE deleted_at IS NULL ORDER BY id LIMIT ${limit}`,
      idsOf
    )

  /** People who marked a post, by the place of each in the list. */
  const markers = (from: string, id: PostId, query: CursorQuery) =>
    sql<Marker>`
      SELECT m.id, m.cursor FROM (${sql.literal(`${from} WHERE post_id = `)}${id}) m
      WHERE m.cursor < ${query.before ?? idMax} AND m.cursor > ${query.after ?? 0n}
      ORDER BY m.cursor DESC LIMIT ${query.limit}`

  const remove = (id: PostId, act: Act | undefined) =>
    Effect.tap(Changes.remove(sql, id, act), (gone) =>
      gone === undefined ? Effect.void : Changes.removeWrappers(sql, id, wrappersAtOnce))

  return {
    publish: (rows) => operation("PostStore.publish", publish(sql, rows)),
    byIds: (ids) =>
      operation(
        "PostStore.byIds",
        postsOf(sql, ids, sql`AND p.deleted_at IS NULL`)
      ),
    deletedAmong: (ids) =>
      operation(
        "PostStore.deletedAmong",
        Effect.map(
          sql<{ id: PostId }>`SELECT id FROM posts WHERE id = ANY(${int8s(ids)}) AND deleted_at IS NOT NULL`,
          idsOf
        )
      ),
    edit: (id, version, change) =>
      Effect.flatMap(operation("PostStore.edit", editAnywhere(sql, id, version, change)), (written) =>
        written === Changes.noMedia ? Effect.fail(new NoMedia()) : Effect.succeed(written)),
    remove: (id, act) => operation("PostStore.remove", remove(id, act)),
    deleted: (id) =>
      operation("PostStore.deleted", Effect.map(postsOf(sql, [id], sql`AND p.deleted_at IS NOT NULL`), ([post]) => post)),
    setLikes: (changes) => operation("PostStore.setLikes", setLikes(sql, changes)),
    repostBy: (account, id) =>
      operation(
        "PostStore.repostBy",
        Effect.map(
          sql<{ id: PostId }>`SELECT wrapper AS id FROM reposts WHERE account = ${account} AND post_id = ${id}`,
          ([row]) => row?.id
        )
      ),
    marks,
    history: (id) => operation("PostStore.history", history(sql, id)),
    ancestors: (id, limit) => operation("PostStore.ancestors", ancestors(id, limit)),
    descendants: (id, limit) => operation("PostStore.descendants", descendants(id, limit)),
    likedBy: (id, query) => operation("PostStore.likedBy", markers("SELECT account AS id, id AS cursor FROM likes", id, query)),
    repostedBy: (id, query) =>
      operation("PostStore.repostedBy", markers("SELECT account AS id, wrapper AS cursor FROM reposts", id, query))
  }
})
