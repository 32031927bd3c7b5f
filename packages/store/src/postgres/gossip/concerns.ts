/**
 * Who here is told of what others did: in the transaction that applies it, by the rules that notices of own people go by.
 * One who is not known yet, or suspended, or blocked, is not heard; when that ends, what they did is gone through again.
 */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import { kind, noticed } from "../notices.ts"
import { toldOfNaming, toldOfNew } from "../postPublish.ts"
import { talkedIn } from "../publishParts.ts"
import { int8s } from "../statement.ts"
import type { Settled } from "./applyEdges.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

const pairs = (list: ReadonlyArray<readonly [bigint, bigint]>) =>
  [int8s(list.map(([one]) => one)), int8s(list.map(([, other]) => other))] as const

/** CTEs as the statement of publishing has them, of rows that stand. */
const acceptedOf = (sql: SqlClient.SqlClient, posts: ReadonlyArray<PostId>): Statement.Fragment =>
  sql`
    accepted AS MATERIALIZED (
      SELECT p.id, p.author, p.visibility, p.mentions, p.repost_of AS wrapped, p.reply_to AS answered,
        p.reply_to_author AS answered_author, p.conversation AS thread
      FROM posts p WHERE p.id = ANY(${int8s(posts)}) AND p.deleted_at IS NULL
    ), named_people AS MATERIALIZED (
      SELECT a.id AS post_id, (m->>'id')::bigint AS account FROM accepted a, jsonb_array_elements(a.mentions) m
    ), ${talkedIn(sql)}`

/** `fresh`: those who asked to be told of the author's posts are. */
const ofPosts = (sql: SqlClient.SqlClient, posts: ReadonlyArray<PostId>, fresh: boolean) => {
  const told = fresh ? sql`${toldOfNaming(sql)} UNION ALL ${toldOfNew(sql)}` : toldOfNaming(sql)
  return posts.length === 0 ? Effect.void : sql`WITH ${acceptedOf(sql, posts)}, ${noticed(sql, told)} SELECT`
}

const favourites = (sql: SqlClient.SqlClient) =>
  sql`SELECT p.author, ${kind.favourite}::int, i.account, p.id, false FROM i JOIN posts p ON p.id = i.post_id AND p.deleted_at IS NULL`

const ofPairs = (sql: SqlClient.SqlClient, { followed, liked, requested }: Settled) => {
  const [followers, followees] = pairs(followed)
  const [askers, asked] = pairs(requested)
  const [likers, posts] = pairs(liked)
  if (followed.length + requested.length + liked.length === 0) return Effect.void
  return sql`
    WITH i AS MATERIALIZED (SELECT * FROM unnest(${likers}, ${posts}) AS l (account, post_id)), ${noticed(sql, sql`
      SELECT followee, ${kind.follow}::int, follower, 0::bigint, false FROM unnest(${followers}, ${followees}) AS f (follower, followee)
      UNION ALL
      SELECT target, ${kind.followRequest}::int, account, 0::bigint, false FROM unnest(${askers}, ${asked}) AS q (account, target)
      UNION ALL ${favourites(sql)}`)} SELECT`
}

/** Posts, and pairs, of one account that are gone through again at most, the latest first. */
const againMax = 1_000

const again = (sql: SqlClient.SqlClient, account: AccountId): Sql<void> =>
  Effect.gen(function*() {
    const posts = yield* sql<{ id: PostId }>`
      SELECT id FROM posts WHERE author = ${account} AND deleted_at IS NULL AND (repost_of IS NOT NULL OR mentions IS NOT NULL)
      ORDER BY id DESC LIMIT ${againMax}`
    yield* ofPosts(sql, posts.map((row) => row.id), false)
    yield* sql`
      WITH i AS MATERIALIZED (
        SELECT account, post_id FROM remote_likes WHERE account = ${account} AND active ORDER BY post_id DESC LIMIT ${againMax}
      ), ${noticed(sql, sql`
        (SELECT followee, ${kind.follow}::int, follower, 0::bigint, false FROM follows
          WHERE follower = ${account} AND active ORDER BY follows.id DESC LIMIT ${againMax})
        UNION ALL
        (SELECT target, ${kind.followRequest}::int, account, 0::bigint, false FROM follow_requests
          WHERE account = ${account} LIMIT ${againMax})
        UNION ALL ${favourites(sql)}`)} SELECT`
  })

export const tell = (
  sql: SqlClient.SqlClient,
  posts: ReadonlyArray<PostId>,
  settled: Settled,
  heardAgain: ReadonlyArray<AccountId>
): Sql<void> =>
  Effect.gen(function*() {
    yield* ofPosts(sql, posts, true)
    yield* ofPairs(sql, settled)
    for (const account of heardAgain) yield* again(sql, account)
  })
