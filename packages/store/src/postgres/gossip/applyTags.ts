/** Tags of others' posts as rows, and the topics in which those posts begin to stand, change, or end. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PostFact, TombstoneFact } from "@rookery/domain/GossipFact"
import { visibilities } from "@rookery/domain/Post"
import * as Topics from "@rookery/domain/Topics"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { TopicNews } from "../../GossipStore.ts"
import { int2s, int8s, storable, texts } from "../statement.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** Takes away what edited posts have no more, and adds what posts have. Nothing is asked where no post has a tag. */
export const tag = (sql: SqlClient.SqlClient, fresh: ReadonlyArray<PostFact>, edited: ReadonlyArray<PostFact>): Sql<void> =>
  Effect.gen(function*() {
    const pairs = [...fresh, ...edited].flatMap(({ author, id, tags, visibility }) =>
      tags.map((name) => ({ id, author, visibility, name: storable(name) })))
    const [ids, names] = [int8s(pairs.map((pair) => pair.id)), texts(pairs.map((pair) => pair.name))]
    if (edited.length > 0) {
      yield* sql`
        DELETE FROM post_tags t WHERE t.post_id = ANY(${int8s(edited.map((fact) => fact.id))})
          AND NOT EXISTS (SELECT FROM unnest(${ids}, ${names}) AS s (id, tag) WHERE s.id = t.post_id AND s.tag = t.tag)`
    }
    if (pairs.length === 0) return
    yield* sql`
      INSERT INTO post_tags (post_id, tag, author, visibility)
      SELECT id, tag, author, visibility FROM unnest(${ids}, ${names}, ${int8s(pairs.map((pair) => pair.author))},
        ${int2s(pairs.map((pair) => pair.visibility))}) AS i (id, tag, author, visibility)
      ORDER BY id, tag ON CONFLICT DO NOTHING`
  })

/** What streams are to hear of a post: nothing where it stands in no topic, and names nobody here directly. */
export const newsOf = (kind: TopicNews["kind"], isOwn: (id: bigint) => boolean) => (fact: PostFact): ReadonlyArray<TopicNews> => {
  const visibility = visibilities[fact.visibility]!
  const topics = Topics.withTags({ ...fact, visibility }, fact.tags)
  const people = visibility === "direct" ? fact.mentions.filter(isOwn) : []
  return topics.length + people.length === 0 ? [] : [{ id: fact.id, kind, topics, people }]
}

interface Standing {
  readonly id: PostId
  readonly author: AccountId
  readonly visibility: number
  readonly replyTo: PostId | null
  readonly replyToAuthor: AccountId | null
  readonly repostOf: PostId | null
  readonly tags: ReadonlyArray<string> | null
}

/** Where posts stand that are about to end. */
export const topicsOf = (sql: SqlClient.SqlClient, ended: ReadonlyArray<TombstoneFact>): Sql<ReadonlyArray<TopicNews>> =>
  ended.length === 0 ? Effect.succeed([]) : Effect.map(
    sql<Standing>`
      SELECT id, author, visibility, reply_to AS "replyTo", reply_to_author AS "replyToAuthor", repost_of AS "repostOf",
        (SELECT array_agg(t.tag) FROM post_tags t WHERE t.post_id = p.id) AS tags
      FROM posts p WHERE id = ANY(${int8s(ended.map((fact) => fact.id))}) AND visibility = 0`,
    (rows) =>
      rows.flatMap((row) => {
        const topics = Topics.withTags({ ...row, visibility: visibilities[row.visibility]! }, row.tags ?? [])
        return topics.length === 0 ? [] : [{ id: row.id, kind: "delete" as const, topics, people: [] }]
      })
  )
