/** Posts of others: announcements become rows without text, edits raise their version, tombstones end them for good. */
import * as Datacenters from "@rookery/domain/Datacenters"
import type { PostId } from "@rookery/domain/Ids"
import type { PostFact, TombstoneFact } from "@rookery/domain/GossipFact"
import * as Limits from "@rookery/domain/Limits"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { kind } from "../notices.ts"
import { taskKinds } from "../outboxTask.ts"
import { forgetting, untalking } from "../forgetting.ts"
import type { TopicNews } from "../../GossipStore.ts"
import * as Tags from "./applyTags.ts"
import { changeKinds } from "../postChanges.ts"
import { unprunedMatch } from "../postRows.ts"
import { bools, int2s, int4s, int8s, texts } from "../statement.ts"
import type { FactSet } from "./factSet.ts"
import { ageMarginMillis, type Settings } from "./settings.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** What the facts come to beside what stands. */
interface Sorted {
  readonly fresh: ReadonlyArray<PostFact>
  readonly edited: ReadonlyArray<PostFact>
  readonly ended: ReadonlyArray<TombstoneFact>
  /** Tombstones of what never came. */
  readonly early: ReadonlyArray<TombstoneFact>
  readonly unknownOld: ReadonlyArray<PostId>
}

export interface PostsApplied {
  readonly unknownOld: ReadonlyArray<PostId>
  readonly changed: ReadonlyArray<PostId>
  readonly news: ReadonlyArray<TopicNews>
  /** Posts that somebody here may be told of. */
  readonly concerning: ReadonlyArray<PostId>
  readonly told: boolean
}

const sort = (set: FactSet, standing: ReadonlyMap<PostId, number>, oldBelow: bigint): Sorted => {
  const news = set.Post.filter((fact) => !standing.has(fact.id))
  const isLive = ({ id }: TombstoneFact) => (standing.get(id) ?? 0) > 0
  return {
    fresh: news.filter((fact) => fact.id >= oldBelow),
    unknownOld: news.filter((fact) => fact.id < oldBelow).map((fact) => fact.id),
    edited: set.Post.filter((fact) => (standing.get(fact.id) ?? 0) > 0 && fact.version > standing.get(fact.id)!),
    ended: set.Tombstone.filter(isLive),
    early: set.Tombstone.filter((fact) => !standing.has(fact.id))
  }
}

/** The version of each post that stands, 0 for a tombstone. Nobody else writes posts of this origin meanwhile. */
const standingOf = (sql: SqlClient.SqlClient, set: FactSet): Sql<ReadonlyMap<PostId, number>> => {
  const ids = [...set.Post, ...set.Tombstone].map((fact) => fact.id)
  return Effect.map(
    sql<{ id: PostId; version: number }>`
      SELECT id, CASE WHEN deleted_at IS NULL THEN version ELSE 0 END AS version FROM posts WHERE id = ANY(${int8s(ids)})`,
    (rows) => new Map(rows.map((row) => [row.id, row.version]))
  )
}

/** The facts as columns of `input`. A name is filled in with the content. */
const inputOf = (sql: SqlClient.SqlClient, facts: ReadonlyArray<PostFact>) => {
  const mentions = facts.map(({ mentions }) =>
    mentions.length === 0 ? null : JSON.stringify(mentions.map((id) => ({ id: String(id), username: "" }))))
  return sql`input AS MATERIALIZED (
    SELECT * FROM unnest(${int8s(facts.map((fact) => fact.id))}, ${int8s(facts.map((fact) => fact.author))},
      ${int4s(facts.map((fact) => fact.version))}, ${int2s(facts.map((fact) => fact.visibility))},
      ${bools(facts.map((fact) => fact.sensitive))}, ${int8s(facts.map((fact) => fact.replyTo))},
      ${int8s(facts.map((fact) => fact.replyToAuthor))}, ${int8s(facts.map((fact) => fact.repostOf))},
      ${int8s(facts.map((fact) => fact.conversation))}, ${int8s(facts.map((fact) => BigInt(fact.editedAt)))}, ${texts(mentions)},
      ${bools(facts.map((fact) => fact.pictures))})
    AS i (id, author, version, visibility, sensitive, reply_to, reply_to_author, repost_of, conversation, edited_at, mentions, pictures)
  )`
}

/** A mark that there are pictures, for the indexes of posts that have some; what they are comes with the content. */
const media = "CASE WHEN i.pictures THEN '[]'::jsonb END"

const editedAt = "CASE WHEN i.edited_at > 0 THEN timestamptz 'epoch' + i.edited_at * interval '1 millisecond' END"

/**
 * Below this id a post comes late: streams and the index of search, which look for new posts among young ids, might not find it by itself. What
 * is younger is committed here before they look no further back, since no transaction takes longer than the rest of their overlap.
 */
const lateBelow = (): bigint => Snowflake.floorAt(Date.now() - Limits.clockSkewMillisMax)

/** Fan-out only where somebody follows the author; answers the posts that have it. */
const insert = (sql: SqlClient.SqlClient, facts: ReadonlyArray<PostFact>): Sql<ReadonlyArray<PostId>> =>
  Effect.map(
    sql<{ id: PostId }>`
      WITH ${inputOf(sql, facts)}, posted AS (
        INSERT INTO posts (id, author, author_no, visibility, sensitive, version, reply_to, reply_to_author, repost_of,
          conversation, edited_at, mentions, media, content)
        SELECT i.id, i.author, a.no, i.visibility, i.sensitive, i.version, i.reply_to, i.reply_to_author, i.repost_of,
          i.conversation, ${sql.literal(editedAt)}, i.mentions::jsonb,
          ${sql.literal(media)}, 1
        FROM input i JOIN authors a ON a.account = i.author ORDER BY i.id
      ), wrapping AS (
        INSERT INTO reposts AS r (account, post_id, wrapper)
        SELECT author, repost_of, max(id) FROM input WHERE repost_of IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (account, post_id) DO UPDATE SET wrapper = greatest(r.wrapper, excluded.wrapper)
      ), late AS (
        INSERT INTO post_changes (post_id, author, kind)
        SELECT id, author, ${changeKinds.late} FROM input WHERE id < ${lateBelow()}
      )
      INSERT INTO outbox (owner, kind, post_id, payload, claimed_until)
      SELECT i.author, ${taskKinds.Fanout}, i.id,
        jsonb_build_object('replyTo', i.reply_to::text, 'repostOf', i.repost_of::text, 'visibility', i.visibility), clock_timestamp()
      FROM input i JOIN authors a ON a.account = i.author WHERE a.followers > 0 AND i.visibility < 3 ORDER BY i.id
      RETURNING post_id AS id`,
    (rows) => rows.map((row) => row.id)
  )

/** Direct posts that name others now leave their conversations; those whom they name find them in the right one. */
const regroup = (sql: SqlClient.SqlClient, facts: ReadonlyArray<PostFact>) => {
  const direct = facts.filter((fact) => fact.visibility === 3)
  const idsIn = (column: string) => sql.literal(`jsonb_path_query_array(${column}, '$[*].id')`)
  return direct.length === 0 ? Effect.void : sql`
    WITH ${inputOf(sql, direct)}, changed AS MATERIALIZED (
      SELECT p.id FROM input i JOIN posts p ON p.id = i.id
      WHERE ${idsIn("p.mentions")} IS DISTINCT FROM ${idsIn("i.mentions::jsonb")}
    ), ${untalking(sql)} SELECT`
}

const update = (sql: SqlClient.SqlClient, facts: ReadonlyArray<PostFact>) =>
  sql`
    WITH ${inputOf(sql, facts)}, changed AS (
      UPDATE posts p SET version = i.version, sensitive = i.sensitive, edited_at = ${sql.literal(editedAt)}, mentions = i.mentions::jsonb,
        media = ${sql.literal(media)}
      FROM input i WHERE ${sql.literal(unprunedMatch("p.id", "i.id"))} RETURNING p.id, p.author
    ), logged AS (
      INSERT INTO post_changes (post_id, author, kind) SELECT id, author, ${changeKinds.edit} FROM changed
    )
    INSERT INTO outbox (owner, kind, post_id, payload, claimed_until)
    SELECT author, ${taskKinds.Edited}, id, '{}', clock_timestamp() FROM changed`

/** Mentions of people here, as rows; those whom an edit names no more are not told of it any longer. */
const mention = (sql: SqlClient.SqlClient, { datacenters }: Settings, facts: ReadonlyArray<PostFact>, edited: ReadonlyArray<PostFact>) =>
  Effect.gen(function*() {
    const pairs = facts.flatMap(({ id, mentions }) =>
      mentions.filter((account) => Datacenters.isOwn(datacenters, account)).map((account) => ({ id, account })))
    if (edited.length > 0) {
      yield* sql`
        WITH gone AS (
          DELETE FROM post_mentions m USING unnest(${int8s(edited.map((fact) => fact.id))}, ${int8s(edited.map((fact) => fact.author))})
            AS i (id, author)
          WHERE m.post_id = i.id AND NOT EXISTS (
            SELECT FROM unnest(${int8s(pairs.map((pair) => pair.account))}, ${int8s(pairs.map((pair) => pair.id))}) AS s (account, id)
            WHERE s.id = m.post_id AND s.account = m.account)
          RETURNING m.account, m.post_id, i.author
        )
        DELETE FROM notifications n USING gone
        WHERE n.account = gone.account AND n.kind = ${kind.mention} AND n.object = gone.post_id AND n.from_account = gone.author`
    }
    if (pairs.length > 0) {
      yield* sql`
        INSERT INTO post_mentions (account, post_id)
        SELECT * FROM unnest(${int8s(pairs.map((pair) => pair.account))}, ${int8s(pairs.map((pair) => pair.id))}) ORDER BY 1, 2
        ON CONFLICT DO NOTHING`
    }
    return new Set(pairs.map((pair) => pair.id))
  })

const columnsOf = (facts: ReadonlyArray<TombstoneFact>) =>
  [int8s(facts.map((fact) => fact.id)), int8s(facts.map((fact) => fact.author)), int8s(facts.map((fact) => BigInt(fact.deletedAt)))] as const

/** A tombstone stands also where nothing was announced: what comes late finds it. */
const bury = (sql: SqlClient.SqlClient, facts: ReadonlyArray<TombstoneFact>) => {
  const [ids, authors, times] = columnsOf(facts)
  return sql`
    INSERT INTO posts (id, author, author_no, visibility, version, content, deleted_at)
    SELECT i.id, i.author, coalesce(a.no, 0), 3, 0, 1, timestamptz 'epoch' + i.at * interval '1 millisecond'
    FROM unnest(${ids}, ${authors}, ${times}) AS i (id, author, at) LEFT JOIN authors a ON a.account = i.author ORDER BY i.id`
}

/** Ends what stands; the counts that it was part of are its home's to tell. */
const end = (sql: SqlClient.SqlClient, facts: ReadonlyArray<TombstoneFact>) => {
  const [ids, , times] = columnsOf(facts)
  return sql`
    WITH changed AS (
      UPDATE posts p SET deleted_at = timestamptz 'epoch' + i.at * interval '1 millisecond'
      FROM unnest(${ids}, ${times}) AS i (id, at)
      WHERE ${sql.literal(unprunedMatch("p.id", "i.id"))} AND p.deleted_at IS NULL RETURNING p.id, p.author, p.repost_of
    ), unwrapped AS (
      DELETE FROM reposts r USING changed
      WHERE r.account = changed.author AND r.post_id = changed.repost_of AND r.wrapper = changed.id
    ), unmentioned AS (
      DELETE FROM notifications n USING changed JOIN post_mentions m ON m.post_id = changed.id
      WHERE n.account = m.account AND n.kind = ${kind.mention} AND n.object = changed.id AND n.from_account = changed.author
    ), ${forgetting(sql)}, logged AS (
      INSERT INTO post_changes (post_id, author, kind) SELECT id, author, ${changeKinds.delete} FROM changed
    )
    INSERT INTO outbox (owner, kind, post_id, payload, claimed_until)
    SELECT author, ${taskKinds.Removed}, id, '{}', clock_timestamp() FROM changed`
}

/** Below this id an announcement of what is not known may be of a post whose tombstone was dropped. */
const oldBelowOf = (settings: Settings, confirmed: boolean): bigint =>
  confirmed ? 0n : Snowflake.floorAt(Date.now() - settings.tombstoneMillis + ageMarginMillis)

export const posts = (sql: SqlClient.SqlClient, settings: Settings, set: FactSet, confirmed: boolean): Sql<PostsApplied> =>
  Effect.gen(function*() {
    if (set.Post.length + set.Tombstone.length === 0) return { unknownOld: [], changed: [], news: [], concerning: [], told: false }
    const sorted = sort(set, yield* standingOf(sql, set), oldBelowOf(settings, confirmed))
    const { early, edited, ended, fresh, unknownOld } = sorted
    if (early.length > 0) yield* bury(sql, early)
    const goneFrom = yield* Tags.topicsOf(sql, ended)
    if (ended.length > 0) yield* end(sql, ended)
    const fanned = fresh.length > 0 ? yield* insert(sql, fresh) : []
    yield* regroup(sql, edited)
    if (edited.length > 0) yield* update(sql, edited)
    yield* Tags.tag(sql, fresh, edited)
    const mentioning = yield* mention(sql, settings, [...fresh, ...edited], edited)
    const isOwn = (id: bigint | null): boolean => id !== null && Datacenters.isOwn(settings.datacenters, id)
    const wrapping = fresh.filter((fact) => isOwn(fact.repostOf)).map((fact) => fact.id)
    const changed = [...edited, ...ended].map((fact) => fact.id)
    const concerning = [...new Set([...fanned, ...mentioning, ...wrapping])]
    const news = [...fresh.flatMap(Tags.newsOf("update", isOwn)), ...edited.flatMap(Tags.newsOf("edit", isOwn)), ...goneFrom]
    return { unknownOld, changed, news, concerning, told: changed.length + fanned.length > 0 }
  })
