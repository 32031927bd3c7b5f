/** Trends in Postgres: what was used and marked lately is summed up there, what that means is decided in domain/Trends.ts. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Trends from "@rookery/domain/Trends"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { TrendingPost, TrendingTag, TrendRules, TrendStore } from "../TrendStore.ts"
import { float8s, int4s, int8s, operation, texts } from "./statement.ts"
import { tagUsages } from "./tagUsage.ts"

/** Trends of each kind that are kept. */
const trendsMax = 100
/** Posts of one author among them. */
const postsPerAuthorMax = 2

/** How far back is looked, in half-lives; what lies before counts for 6 %, and for nothing. */
const tagWindow = 4
const postWindow = 12
/** The newest uses of tags, and counts of posts, that are looked at: under more than that the windows become shorter. */
const usesMax = 100_000
const countsMax = 100_000
/** Those that are judged in full. */
const candidatesMax = 100
/** Marks of one post that are looked at one by one. */
const marksMax = 1_000

interface TagRow {
  readonly tag: string
  readonly accounts: bigint
  readonly weight: number
}

interface PostRow {
  readonly id: PostId
  readonly author: AccountId
  readonly accounts: bigint
}

/** Each account's latest use of each tag, in public posts that are not sensitive. */
const usedTags = (sql: SqlClient.SqlClient, now: number, { accountsMin, halfLifeMillis }: TrendRules) =>
  sql<TagRow>`
    WITH recent AS MATERIALIZED (
      SELECT post_id, tag, author FROM post_tags
      WHERE post_id >= ${Snowflake.floorAt(now - tagWindow * halfLifeMillis)} AND post_id < ${Snowflake.floorAt(now + 1)} AND visibility = 0
      ORDER BY post_id DESC LIMIT ${usesMax}
    ), used AS MATERIALIZED (
      SELECT r.tag, r.author, ((max(r.post_id) >> 22) + ${BigInt(Snowflake.epochMillis)})::float8 AS at
      FROM recent r JOIN posts p ON p.id = r.post_id JOIN authors w ON w.account = r.author
      WHERE p.deleted_at IS NULL AND NOT p.sensitive AND NOT w.disabled
      GROUP BY r.tag, r.author
    )
    SELECT tag, count(*) AS accounts, sum(power(2::float8, (at - ${now}::float8) / ${halfLifeMillis}::float8)) AS weight
    FROM used GROUP BY tag HAVING count(*) >= ${accountsMin} ORDER BY weight DESC LIMIT ${candidatesMax}`

/** Accounts of an ordinary day: of the days before today. */
const perDay = (days: ReadonlyArray<{ readonly accounts: number }>): number =>
  days.slice(1).reduce((sum, day) => sum + day.accounts, 0) / Math.max(1, days.length - 1)

const judgedTags = (sql: SqlClient.SqlClient, now: number, rules: TrendRules) =>
  Effect.gen(function*() {
    const rows = yield* usedTags(sql, now, rules)
    const usages = yield* tagUsages(sql, rows.map((row) => row.tag), now)
    const judged = rows.map(({ accounts, tag, weight }): TrendingTag => {
      const usual = Trends.expected(perDay(usages.get(tag) ?? []), rules.halfLifeMillis)
      return { tag, accounts: Number(accounts), score: Trends.surprise(weight, usual) }
    })
    return Trends.rank(judged, ({ tag }) => tag, 1, trendsMax)
  })

/** Public posts of those who want to be found, which answer nobody, with how many accounts marked them. */
const markedPosts = (sql: SqlClient.SqlClient, now: number, { accountsMin, halfLifeMillis }: TrendRules) =>
  sql<PostRow>`
    WITH recent AS MATERIALIZED (
      SELECT post_id, likes, reposts FROM post_counts
      WHERE post_id >= ${Snowflake.floorAt(now - postWindow * halfLifeMillis)} AND post_id < ${Snowflake.floorAt(now + 1)}
      ORDER BY post_id DESC LIMIT ${countsMax}
    ), candidate AS MATERIALIZED (
      SELECT p.id, p.author, r.likes, r.reposts FROM recent r
      JOIN posts p ON p.id = r.post_id JOIN accounts a ON a.id = p.author
      WHERE r.likes + r.reposts >= ${accountsMin}
        AND p.deleted_at IS NULL AND p.visibility = 0 AND NOT p.sensitive AND p.spoiler = '' AND p.repost_of IS NULL
        AND (p.reply_to IS NULL OR p.reply_to_author = p.author) AND a.disabled_at IS NULL AND a.discoverable
      ORDER BY ln(r.likes + r.reposts) * 2 + ln(2::float8) * (p.id >> 22)::float8 / ${halfLifeMillis}::float8 DESC
      LIMIT ${candidatesMax * 2}
    )
    SELECT c.id, c.author, CASE WHEN c.likes + c.reposts > ${marksMax} THEN greatest(c.likes, c.reposts)::bigint ELSE (
      SELECT count(DISTINCT m.account) FROM (
        SELECT account FROM likes WHERE post_id = c.id UNION ALL SELECT account FROM reposts WHERE post_id = c.id
      ) m JOIN authors w ON w.account = m.account WHERE m.account <> c.author AND NOT w.disabled
    ) END AS accounts
    FROM candidate c`

const judgedPosts = (sql: SqlClient.SqlClient, now: number, rules: TrendRules) =>
  Effect.map(markedPosts(sql, now, rules), (rows) => {
    const enough = rows.filter((row) => row.accounts >= rules.accountsMin)
    const judged = enough.map(({ accounts, author, id }): TrendingPost => ({
      id,
      author,
      score: Trends.postScore(Number(accounts), now - Snowflake.millisOf(id), rules.halfLifeMillis)
    }))
    return Trends.rank(judged, ({ author }) => author, postsPerAuthorMax, trendsMax)
  })

const keep = (sql: SqlClient.SqlClient, tags: ReadonlyArray<TrendingTag>, posts: ReadonlyArray<TrendingPost>) =>
  Effect.gen(function*() {
    yield* sql`DELETE FROM trending_tags`
    yield* sql`DELETE FROM trending_posts`
    yield* sql`
      INSERT INTO trending_tags (tag, score, accounts)
      SELECT * FROM unnest(${texts(tags.map((one) => one.tag))}, ${float8s(tags.map((one) => one.score))}, ${int4s(tags.map((one) => one.accounts))})`
    yield* sql`
      INSERT INTO trending_posts (post_id, author, score)
      SELECT * FROM unnest(${int8s(posts.map((one) => one.id))}, ${int8s(posts.map((one) => one.author))}, ${float8s(posts.map((one) => one.score))})`
  })

export const make = Effect.map(SqlClient.SqlClient, (sql): TrendStore["Service"] => {
  /** Whoever comes while another computes goes away at once. */
  const claim = (now: number, everyMillis: number) =>
    Effect.map(
      sql`SELECT FROM trend_progress WHERE computed_at <= to_timestamp(${(now - everyMillis) / 1_000}::float8) FOR UPDATE SKIP LOCKED`,
      (rows) => rows.length > 0
    )

  const refresh = (now: number, rules: TrendRules) =>
    sql.withTransaction(Effect.gen(function*() {
      if (!(yield* claim(now, rules.everyMillis))) return false
      yield* keep(sql, yield* judgedTags(sql, now, rules), yield* judgedPosts(sql, now, rules))
      yield* sql`UPDATE trend_progress SET computed_at = to_timestamp(${now / 1_000}::float8)`
      return true
    }))

  return {
    tags: operation("TrendStore.tags", sql<TrendingTag>`SELECT tag, score, accounts FROM trending_tags ORDER BY score DESC, tag`),
    posts: operation(
      "TrendStore.posts",
      sql<TrendingPost>`SELECT post_id AS id, author, score FROM trending_posts ORDER BY score DESC, post_id DESC`
    ),
    refresh: (now, rules) => operation("TrendStore.refresh", refresh(now, rules))
  }
})
