/** Conversations in Postgres; posts enter them in the statement that publishes (publishParts.ts). */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Conversation, ConversationStore } from "../ConversationStore.ts"
import { int8s, operation } from "./statement.ts"

const idMax = 9_223_372_036_854_775_807n

const columns = `v.id, v.account, v.people, v.last_post AS "lastPost", v.unread`

export const make = Effect.map(SqlClient.SqlClient, (sql): ConversationStore["Service"] => {
  const from = sql.literal(`SELECT ${columns} FROM conversations v`)
  /** The newest of each conversation are looked at first, of those that reach above the lower bound. */
  const posts = (account: AccountId, query: PageQuery) => {
    const upwards = query.minId > 0n
    const above = query.minId > query.sinceId ? query.minId : query.sinceId
    const order = sql.literal(`ORDER BY post_id ${upwards ? "ASC" : "DESC"}`)
    return Effect.map(
      sql<{ id: PostId }>`
        SELECT DISTINCT post_id AS id FROM (
          SELECT e.post_id FROM conversations v CROSS JOIN LATERAL (
            SELECT t.post_id FROM conversation_posts t
            WHERE t.conversation = v.id AND t.post_id > ${above} AND t.post_id < ${query.maxId ?? idMax}
            ${order} LIMIT ${query.limit}
          ) e
          WHERE v.account = ${account} AND v.last_post > ${above}
        ) found ${order} LIMIT ${query.limit}`,
      (rows) => (upwards ? rows.toReversed() : rows).map((row) => row.id)
    )
  }

  return {
    posts: (account, query) => operation("ConversationStore.posts", posts(account, query)),
    list: (account, query) =>
      operation(
        "ConversationStore.list",
        sql<Conversation>`
          ${from} WHERE v.account = ${account} AND v.last_post IS NOT NULL
            AND v.last_post < ${query.before ?? idMax} AND v.last_post > ${query.after ?? 0n}
          ORDER BY v.last_post DESC LIMIT ${query.limit}`
      ),
    ofPost: (post, accounts) =>
      operation(
        "ConversationStore.ofPost",
        sql<Conversation>`
          ${from} JOIN conversation_posts t ON t.conversation = v.id
          WHERE t.post_id = ${post} AND v.account = ANY(${int8s(accounts)}) AND v.last_post IS NOT NULL`
      ),
    markRead: (account, id) =>
      operation(
        "ConversationStore.markRead",
        Effect.map(
          sql<Conversation>`
            UPDATE conversations v SET unread = false
            WHERE v.id = ${id} AND v.account = ${account} AND v.last_post IS NOT NULL RETURNING ${sql.literal(columns)}`,
          ([row]) => row
        )
      ),
    remove: (account, id) =>
      operation(
        "ConversationStore.remove",
        Effect.map(
          sql`
            WITH gone AS (DELETE FROM conversations WHERE id = ${id} AND account = ${account} RETURNING id), posts AS (
              DELETE FROM conversation_posts t USING gone WHERE t.conversation = gone.id
            )
            SELECT 1 FROM gone`,
          (rows) => rows.length > 0
        )
      )
  }
})
