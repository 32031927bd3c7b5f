/** What can be compared with another datacenter: the records of one kind, each with its key and its state as one number. */
import type { SqlClient, Statement } from "effect/sql"
import { partsOf } from "../migrations/gossip/facts.ts"
import type { GossipKind, GossipRange } from "../../GossipStore.ts"

/** `key`, `other` and `state` of each record, and the columns that facts are made of as a row `r`. */
interface Source {
  /** Number of the facts, as in `gossip_outbox`. */
  readonly kind: string
  readonly payload: string
  readonly from: (sql: SqlClient.SqlClient, range: GossipRange) => Statement.Fragment
}

const postPayload = `CASE WHEN r.deleted_at IS NULL THEN gossip_post(r.id, r.author, r.version, r.visibility, r.sensitive, r.reply_to,
  r.reply_to_author, r.repost_of, r.conversation, r.edited_at, r.mentions, ${partsOf("r")}) ELSE gossip_tombstone(r.id, r.author, r.deleted_at) END`

/** Direct posts are compared with those alone whom they are for; that they ended, with everybody. */
const posts = (sql: SqlClient.SqlClient, { deletedAfter, from, origin, to }: GossipRange) =>
  sql`SELECT id AS key, 0::bigint AS other, CASE WHEN deleted_at IS NULL THEN version ELSE -1 END::bigint AS state, r
      FROM posts r WHERE id >= ${from} AND id < ${to} AND home_of(id) = ${origin}::smallint
        AND ((deleted_at IS NULL AND visibility < 3) OR millis_of(deleted_at) >= ${BigInt(Math.floor(deletedAfter))})`

const direct = (sql: SqlClient.SqlClient, { asker, from, origin, to }: GossipRange) =>
  sql`SELECT id AS key, 0::bigint AS other, version::bigint AS state, r
      FROM posts r WHERE id >= ${from} AND id < ${to} AND home_of(id) = ${origin}::smallint AND deleted_at IS NULL AND visibility = 3
        AND EXISTS (SELECT FROM jsonb_array_elements(mentions) m WHERE home_of((m->>'id')::bigint) = ${asker}::smallint)`

/** Those that were deleted stand, at their home, in a table of their own. */
const accounts = (sql: SqlClient.SqlClient, { from, origin, to }: GossipRange) =>
  sql`SELECT id AS key, 0::bigint AS other, gossip_version AS state,
        CASE WHEN r.gone THEN gossip_gone(id, gossip_version) ELSE gossip_account(r) END AS made
      FROM accounts r WHERE id >= ${from} AND id < ${to} AND home_of(id) = ${origin}::smallint AND gossip_version > 0
      UNION ALL
      SELECT id, 0, version, gossip_gone(id, version) FROM accounts_gone
      WHERE id >= ${from} AND id < ${to} AND home_of(id) = ${origin}::smallint`

const numbersOf = (table: string, key: string, whose: string) => (sql: SqlClient.SqlClient, { from, origin, to }: GossipRange) =>
  sql`SELECT ${sql.literal(key)} AS key, 0::bigint AS other, version AS state, r FROM ${sql.literal(table)} r
      WHERE ${sql.literal(key)} >= ${from} AND ${sql.literal(key)} < ${to} AND ${sql.literal(whose)} = ${origin}::smallint`

/** Pairs whose writer is the origin and whose other side the asker owns. */
const pairs = (table: string, [writer, other]: readonly [string, string], [one, two]: readonly [string, string], state: string, stands: string) =>
(sql: SqlClient.SqlClient, { asker, from, origin, to }: GossipRange) =>
  sql`SELECT ${sql.literal(one)} AS key, ${sql.literal(two)} AS other, ${sql.literal(state)} AS state, r
      FROM ${sql.literal(table)} r WHERE bucket >= ${Number(from)} AND bucket < ${Number(to)} AND ${sql.literal(stands)}
        AND home_of(${sql.literal(writer)}) = ${origin}::smallint AND home_of(${sql.literal(other)}) = ${asker}::smallint`

const edge = ["follower", "followee"] as const
const active = "version * 2 + active::int"

export const sources: Readonly<Record<GossipKind, Source>> = {
  posts: { kind: "CASE WHEN (r).deleted_at IS NULL THEN 3 ELSE 4 END", payload: postPayload.replaceAll("r.", "(r)."), from: posts },
  direct: { kind: "3", payload: postPayload.replaceAll("r.", "(r)."), from: direct },
  accounts: { kind: "1", payload: "made", from: accounts },
  counts: { kind: "9", payload: "gossip_counts(r)", from: numbersOf("post_counts_elsewhere", "post_id", "datacenter") },
  accountCounts: { kind: "2", payload: "gossip_account_counts(r)", from: numbersOf("account_counts", "account", "home_of(account)") },
  follows: {
    kind: "5",
    payload: "gossip_follow(r)",
    from: pairs("remote_follows", edge, edge, "version * 4 + active::int * 2 + asked::int", "version > 0")
  },
  answers: {
    kind: "6",
    payload: "gossip_answer(r)",
    from: pairs("remote_follows", ["followee", "follower"], edge, "answer_version * 4 + verdict", "answer_version > 0")
  },
  blocks: {
    kind: "7",
    payload: "gossip_block(r)",
    from: pairs("remote_blocks", ["account", "target"], ["account", "target"], active, "true")
  },
  likes: {
    kind: "8",
    payload: "gossip_like(r)",
    from: pairs("remote_likes", ["account", "post_id"], ["account", "post_id"], active, "true")
  }
}
