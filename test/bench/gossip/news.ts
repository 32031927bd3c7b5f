/** What other datacenters say: their people, and announcements as a busy network makes them. */
import type { Datacenters } from "@rookery/domain/Datacenters"
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Wire from "@rookery/protocol/Gossip"
import { GossipStore } from "@rookery/store/GossipStore"
import type * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const authorsEach = 5_000
const readers = 1_000

/** Of authors, those whom somebody here follows; of posts, those that answer or repost another. */
const followedShare = 0.3
const replyShare = 0.3
const repostShare = 0.15

const authorId = (origin: number, n: number) => Snowflake.make(Date.UTC(2026, 0, 1) + n, 100 * origin + 1, 0) as AccountId

const profile = (origin: number, n: number): GossipFact => ({
  _tag: "Account",
  id: authorId(origin, n),
  version: 1,
  username: `far_${origin}_${n}`,
  displayName: "",
  note: "",
  locked: false,
  bot: false,
  discoverable: true,
  fields: [],
  avatar: null,
  header: null,
  suspended: false,
  gone: false
})

const makeReaders = (sql: SqlClient.SqlClient) =>
  sql`
    WITH made AS (
      INSERT INTO accounts (id, shard, username, username_key)
      SELECT ((i::bigint + 1000000) << 22) | (1 << 12), 1 + i % 127, 'own' || i, 'own' || i FROM generate_series(1, ${readers}) i
      RETURNING id, no
    ), authors AS (INSERT INTO authors (account, no) SELECT id, no FROM made)
    INSERT INTO readers (account) SELECT id FROM made`

/** One follower here for each author that is followed: how many more they are does not matter to the announcement. */
const makeFollowers = (sql: SqlClient.SqlClient, share: number) =>
  sql`
    WITH chosen AS MATERIALIZED (
      SELECT w.account, w.no FROM authors w WHERE is_remote(w.account) AND (hashint8(w.account) & 1023) < ${Math.round(share * 1024)}
    ), own AS MATERIALIZED (SELECT id, no, shard, row_number() OVER () - 1 AS n FROM accounts WHERE NOT remote), edges AS (
      INSERT INTO follows (follower, followee, follower_no, followee_no, follower_shard, active)
      SELECT own.id, c.account, own.no, c.no, own.shard, true FROM chosen c JOIN own ON own.n = c.no % ${readers}
    )
    UPDATE authors SET followers = followers + 1 FROM chosen WHERE authors.account = chosen.account`

/** The people of all datacenters. */
export const people = (datacenters: Datacenters) =>
  Effect.gen(function*() {
    const gossip = yield* GossipStore
    const sql = yield* SqlClient.SqlClient
    for (let origin = 0; origin < datacenters.names.length; origin++) {
      if (origin === datacenters.own) continue
      yield* gossip.apply(origin, Array.from({ length: authorsEach }, (_, n) => profile(origin, n)))
    }
    yield* makeReaders(sql)
    yield* makeFollowers(sql, followedShare)
    yield* sql`ANALYZE`
  })

let minted = 0

/** `count` announcements as the messages that bring them, of new posts each time. */
export const announcements = (datacenters: Datacenters, origin: number, count: number, random: Seeded.Seeded): ReadonlyArray<Uint8Array> => {
  const now = Date.now() - 60_000
  const facts = Array.from({ length: count }, (): GossipFact => {
    minted++
    const id = Snowflake.make(now + (minted >> 4), 100 * origin + (minted & 15), minted & 4095) as PostId
    const other = Snowflake.make(now - 3_600_000 + random.int(3_000_000), 100 * origin + 2, random.int(4096)) as PostId
    const luck = random.next()
    const isReply = luck < replyShare
    const isRepost = !isReply && luck < replyShare + repostShare
    return {
      _tag: "Post",
      id,
      author: authorId(origin, random.int(authorsEach)),
      version: 1,
      visibility: 0,
      sensitive: false,
      replyTo: isReply ? other : null,
      replyToAuthor: isReply ? authorId(origin, 1) : null,
      repostOf: isRepost ? other : null,
      conversation: isReply ? other : null,
      editedAt: 0,
      mentions: [],
      tags: [],
      pictures: false
    }
  })
  return Wire.pack(datacenters.names[origin]!, facts)
}
