/** Topics in Postgres: each page is a scan of one index. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import * as Topics from "@rookery/domain/Topics"
import { Clock, Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { AuthorQuery } from "../TimelineStore.ts"
import type { TagQuery, TopicPage, TopicStore } from "../TopicStore.ts"
import { operation, texts } from "./statement.ts"
import { tagUsages } from "./tagUsage.ts"

const idMax = 9_223_372_036_854_775_807n

interface IdRow {
  readonly id: PostId
}

/** From which side a page is read, and between which ids. */
const boundsOf = (query: PageQuery) => ({
  upwards: query.minId > 0n,
  above: query.minId > query.sinceId ? query.minId : query.sinceId,
  below: query.maxId ?? idMax
})

const newestFirst = (query: PageQuery, rows: Effect.Effect<ReadonlyArray<IdRow>, SqlError.SqlError>) =>
  Effect.map(rows, (found) => (query.minId > 0n ? found.toReversed() : found).map((row) => row.id))

export const make = Effect.map(SqlClient.SqlClient, (sql): TopicStore["Service"] => {
  const order = (column: string, query: PageQuery) =>
    sql`ORDER BY ${sql.literal(`${column} ${query.minId > 0n ? "ASC" : "DESC"}`)} LIMIT ${query.limit}`

  /** Of the row `post`; the plain timelines have no such condition. */
  const withMedia = (query: TopicPage, post: string) =>
    sql.literal(query.onlyMedia === true ? `AND EXISTS (SELECT FROM posts o WHERE o.id = ${post} AND o.media IS NOT NULL)` : "")

  /** One datacenter pays nothing for it. */
  const withOrigin = ({ origin }: TopicPage, id: string) =>
    sql.literal(origin === undefined ? "" : `AND ${origin === "own" ? "NOT " : ""}is_remote(${id})`)

  const everything = (query: TopicPage) => {
    const { above, below } = boundsOf(query)
    return sql<IdRow>`
      SELECT id FROM posts
      WHERE deleted_at IS NULL AND visibility = 0 AND repost_of IS NULL AND (reply_to IS NULL OR reply_to_author = author)
        AND id > ${above} AND id < ${below} ${sql.literal(query.onlyMedia === true ? "AND media IS NOT NULL" : "")}
        ${withOrigin(query, "id")}
      ${order("id", query)}`
  }

  const ofTag = (tag: string, query: TopicPage) => {
    const { above, below } = boundsOf(query)
    return sql<IdRow>`
      SELECT post_id AS id FROM post_tags
      WHERE tag = ${tag} AND visibility = 0 AND post_id > ${above} AND post_id < ${below} ${withMedia(query, "post_id")} ${withOrigin(query, "post_id")}
      ${order("post_id", query)}`
  }

  const tagged = (query: TagQuery) => {
    const { above, below } = boundsOf(query)
    return sql<IdRow>`
      SELECT DISTINCT t.post_id AS id FROM post_tags t
      WHERE t.tag = ANY(${texts(query.any)}) AND t.visibility = 0 AND t.post_id > ${above} AND t.post_id < ${below}
        ${withMedia(query, "t.post_id")} ${withOrigin(query, "t.post_id")}
        AND NOT EXISTS (
          SELECT FROM unnest(${texts(query.all)}) AS w (tag)
          WHERE NOT EXISTS (SELECT FROM post_tags o WHERE o.post_id = t.post_id AND o.tag = w.tag))
        AND NOT EXISTS (SELECT FROM post_tags o WHERE o.post_id = t.post_id AND o.tag = ANY(${texts(query.none)}))
      ${order("id", query)}`
  }

  const authorTagged = (author: AccountId, tag: string, query: AuthorQuery) => {
    const { above, below } = boundsOf(query)
    return sql<IdRow>`
      SELECT t.post_id AS id FROM post_tags t JOIN posts p ON p.id = t.post_id
      WHERE t.author = ${author} AND t.tag = ${tag} AND t.post_id > ${above} AND t.post_id < ${below}
        AND t.visibility < ${query.includePrivate ? 3 : 2}
        AND (NOT ${query.excludeReplies} OR p.reply_to IS NULL OR p.reply_to_author = p.author)
        ${withMedia(query, "t.post_id")}
      ${order("t.post_id", query)}`
  }

  return {
    page: (topic, query) => {
      const tag = Topics.tagOf(topic)
      return operation("TopicStore.page", newestFirst(query, tag === undefined ? everything(query) : ofTag(tag, query)))
    },
    tagged: (query) => operation("TopicStore.tagged", newestFirst(query, tagged(query))),
    authorTagged: (author, tag, query) =>
      operation("TopicStore.authorTagged", newestFirst(query, authorTagged(author, tag, query))),
    usages: (tags) => operation("TopicStore.usages", Effect.flatMap(Clock.currentTimeMillis, (now) => tagUsages(sql, tags, now)))
  }
})
