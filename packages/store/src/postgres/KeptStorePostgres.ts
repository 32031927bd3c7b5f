/** Bookmarks, favourites, pins and views in Postgres. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { CursorQuery } from "../FollowStore.ts"
import type { Kept, KeptStore, PinResult } from "../KeptStore.ts"
import { int8s, operation } from "./statement.ts"

const idMax = 9_223_372_036_854_775_807n

export const make = Effect.map(SqlClient.SqlClient, (sql): KeptStore["Service"] => {
  const bookmark = (account: AccountId, id: PostId) =>
    sql`
      WITH made AS (
        INSERT INTO bookmarks (account, post_id)
        SELECT ${account}, id FROM posts WHERE id = ${id} AND deleted_at IS NULL
        ON CONFLICT DO NOTHING RETURNING post_id
      )
      INSERT INTO post_counts AS c (post_id, bookmarks) SELECT post_id, 1 FROM made
      ON CONFLICT (post_id) DO UPDATE SET bookmarks = c.bookmarks + 1 RETURNING 1`

  const unbookmark = (account: AccountId, id: PostId) =>
    sql`
      WITH gone AS (DELETE FROM bookmarks WHERE account = ${account} AND post_id = ${id} RETURNING post_id)
      UPDATE post_counts c SET bookmarks = bookmarks - 1 FROM gone WHERE c.post_id = gone.post_id RETURNING 1`

  const list = (table: "bookmarks" | "likes", account: AccountId, query: CursorQuery) =>
    sql<Kept>`
      SELECT post_id AS "postId", id AS cursor FROM ${sql.literal(table)}
      WHERE account = ${account} AND id < ${query.before ?? idMax} AND id > ${query.after ?? 0n}
      ORDER BY id DESC LIMIT ${query.limit}`

  /** The author row is locked first: the count below then stands until the commit. */
  const pin = (account: AccountId, id: PostId) =>
    sql.withTransaction(Effect.gen(function*() {
      yield* sql`SELECT FROM authors WHERE account = ${account} FOR UPDATE`
      const [state] = yield* sql<{ others: bigint }>`
        SELECT (SELECT count(*) FROM pins WHERE account = p.author AND post_id <> p.id) AS others
        FROM posts p WHERE p.id = ${id} AND p.author = ${account} AND p.deleted_at IS NULL
          AND p.visibility <= 1 AND p.repost_of IS NULL`
      if (state === undefined) return "NotFound"
      if (state.others >= Limits.pinsMax) return "Full"
      yield* sql`INSERT INTO pins (account, post_id) VALUES (${account}, ${id}) ON CONFLICT DO NOTHING`
      yield* sql`
        INSERT INTO post_counts (post_id, pinned) VALUES (${id}, true) ON CONFLICT (post_id) DO UPDATE SET pinned = true`
      return "Done"
    }))

  const unpin = (account: AccountId, id: PostId) =>
    Effect.as(
      sql`
        WITH gone AS (DELETE FROM pins WHERE account = ${account} AND post_id = ${id} RETURNING post_id)
        UPDATE post_counts c SET pinned = false FROM gone WHERE c.post_id = gone.post_id`,
      "Done" as PinResult
    )

  const setConversationMuted = (account: AccountId, id: PostId, muted: boolean) => {
    const thread = sql`SELECT coalesce(conversation, id) AS thread FROM posts WHERE id = ${id} AND deleted_at IS NULL`
    const change = muted
      ? sql`INSERT INTO conversation_mutes (account, thread) SELECT ${account}, thread FROM post ON CONFLICT DO NOTHING`
      : sql`DELETE FROM conversation_mutes m USING post WHERE m.account = ${account} AND m.thread = post.thread`
    return Effect.map(
      sql`WITH post AS MATERIALIZED (${thread}), changed AS (${change}) SELECT FROM post`,
      (rows) => rows.length > 0
    )
  }

  const addViews = (views: ReadonlyMap<PostId, number>) => {
    // In the order of ids, so that two fronts cannot block each other.
    const ids = [...views.keys()].sort((a, b) => a < b ? -1 : 1)
    return Effect.asVoid(sql`
      INSERT INTO post_views AS v (post_id, views)
      SELECT * FROM unnest(${int8s(ids)}, ${int8s(ids.map((id) => BigInt(views.get(id)!)))})
      ON CONFLICT (post_id) DO UPDATE SET views = v.views + excluded.views`)
  }

  return {
    setBookmark: (account, id, wanted) =>
      operation(
        "KeptStore.setBookmark",
        Effect.map(wanted ? bookmark(account, id) : unbookmark(account, id), (rows) => rows.length > 0)
      ),
    bookmarks: (account, query) => operation("KeptStore.bookmarks", list("bookmarks", account, query)),
    favourites: (account, query) => operation("KeptStore.favourites", list("likes", account, query)),
    setPin: (account, id, wanted) => operation("KeptStore.setPin", wanted ? pin(account, id) : unpin(account, id)),
    pins: (account) =>
      operation(
        "KeptStore.pins",
        Effect.map(
          sql<{ id: PostId }>`
            SELECT post_id AS id FROM pins WHERE account = ${account} ORDER BY pins.id DESC LIMIT ${Limits.pinsMax}`,
          (rows) => rows.map((row) => row.id)
        )
      ),
    setConversationMuted: (account, id, muted) =>
      operation("KeptStore.setConversationMuted", setConversationMuted(account, id, muted)),
    addViews: (views) => views.size === 0 ? Effect.void : operation("KeptStore.addViews", addViews(views)),
    views: (id) =>
      operation(
        "KeptStore.views",
        Effect.map(sql<{ views: bigint }>`SELECT views FROM post_views WHERE post_id = ${id}`, ([row]) => Number(row?.views ?? 0n))
      )
  }
})
