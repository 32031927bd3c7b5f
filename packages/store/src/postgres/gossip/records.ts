/** What can be compared with another datacenter: the records of one kind, each with its key and its state as one number. */
import type { SqlClient, Statement } from "effect/sql"
import { partsOf } from "../migrations/gossip/facts.ts"
import type { GossipKind, GossipRange } from "../../GossipStore.ts"

/** How the records of a kind are found, and what facts are made of. */
interface Source {
  /** Number of the facts, as in `gossip_outbox`. */
  readonly kind: string
  readonly payload: string
  /**
   * The rows of the range, whosever they are, so that a limit bounds what is read: `key`, `other` and `state` of each, whether it is
   * `asked` for, and the columns that facts are made of as a row `r`.
   */
  readonly rows: (sql: SqlClient.SqlClient, range: GossipRange) => Statement.Fragment
}

const postPayload = `CASE WHEN r.deleted_at IS NULL THEN gossip_post(r.id, r.author, r.version, r.visibility, r.sensitive, r.reply_to,
  r.reply_to_author, r.repost_of, r.conversation, r.edited_at, r.mentions, ${partsOf("r")}) ELSE gossip_tombstone(r.id, r.author, r.deleted_at) END`

/** Direct posts are compared with those alone whom they are for; that they ended, with everybody. */
const posts = (sql: SqlClient.SqlClient, { deletedAfter, from, origin, to }: GossipRange) =>
  sql`SELECT id AS key, 0::bigint AS other, CASE WHEN deleted_at IS NULL THEN version ELSE -1 END::bigint AS state,
        home_of(id) = ${origin}::smallint AND CASE WHEN deleted_at IS NULL THEN visibility < 3
          ELSE millis_of(deleted_at) >= ${BigInt(Math.floor(deletedAfter))} END AS asked, r
      FROM posts r WHERE id >= ${from} AND id < ${to}`

const direct = (sql: SqlClient.SqlClient, { asker, from, origin, to }: GossipRange) =>
  sql`SELECT id AS key, 0::bigint AS other, version::bigint AS state, home_of(id) = ${origin}::smallint AND EXISTS (
        SELECT FROM jsonb_array_elements(mentions) m WHERE home_of((m->>'id')::bigint) = ${asker}::smallint) AS asked, r
      FROM posts r WHERE id >= ${from} AND id < ${to} AND visibility = 3 AND deleted_at IS NULL`

/** Those that were deleted stand, at their home, in a table of their own. */
const accounts = (sql: SqlClient.SqlClient, { from, origin, to }: GossipRange) =>
  sql`SELECT id AS key, 0::bigint AS other, gossip_version AS state, home_of(id) = ${origin}::smallint AND gossip_version > 0 AS asked,
        CASE WHEN r.gone THEN gossip_gone(id, gossip_version) ELSE gossip_account(r) END AS made
      FROM accounts r WHERE id >= ${from} AND id < ${to}
      UNION ALL
      SELECT id, 0, version, home_of(id) = ${origin}::smallint, gossip_gone(id, version) FROM accounts_gone
      WHERE id >= ${from} AND id < ${to}`

const numbersOf = (table: string, key: string, whose: string) => (sql: SqlClient.SqlClient, { from, origin, to }: GossipRange) =>
  sql`SELECT ${sql.literal(key)} AS key, 0::bigint AS other, version AS state, ${sql.literal(whose)} = ${origin}::smallint AS asked, r
      FROM ${sql.literal(table)} r WHERE ${sql.literal(key)} >= ${from} AND ${sql.literal(key)} < ${to}`

/** Pairs whose writer is the origin and whose other side the asker owns. */
const pairs = (table: string, [writer, other]: readonly [string, string], [one, two]: readonly [string, string], state: string, stands: string) =>
(sql: SqlClient.SqlClient, { asker, from, origin, to }: GossipRange) =>
  sql`SELECT ${sql.literal(one)} AS key, ${sql.literal(two)} AS other, ${sql.literal(state)} AS state, ${sql.literal(stands)}
        AND home_of(${sql.literal(writer)}) = ${origin}::smallint AND home_of(${sql.literal(other)}) = ${asker}::smallint AS asked, r
      FROM ${sql.literal(table)} r WHERE bucket >= ${Number(from)} AND bucket < ${Number(to)}`

const edge = ["follower", "followee"] as const
const active = "version * 2 + active::int"

export const sources: Readonly<Record<GossipKind, Source>> = {
  posts: { kind: "CASE WHEN (r).deleted_at IS NULL THEN 3 ELSE 4 END", payload: postPayload.replaceAll("r.", "(r)."), rows: posts },
  direct: { kind: "3", payload: postPayload.replaceAll("r.", "(r)."), rows: direct },
  accounts: { kind: "1", payload: "made", rows: accounts },
  counts: { kind: "9", payload: "gossip_counts(r)", rows: numbersOf("post_counts_elsewhere", "post_id", "datacenter") },
  accountCounts: { kind: "2", payload: "gossip_account_counts(r)", rows: numbersOf("account_counts", "account", "home_of(account)") },
  follows: {
    kind: "5",
    payload: "gossip_follow(r)",
    rows: pairs("remote_follows", edge, edge, "version * 4 + active::int * 2 + asked::int", "version > 0")
  },
  answers: {
    kind: "6",
    payload: "gossip_answer(r)",
    rows: pairs("remote_follows", ["followee", "follower"], edge, "answer_version * 4 + verdict", "answer_version > 0")
  },
  blocks: {
    kind: "7",
    payload: "gossip_block(r)",
    rows: pairs("remote_blocks", ["account", "target"], ["account", "target"], active, "true")
  },
  likes: {
    kind: "8",
    payload: "gossip_like(r)",
    rows: pairs("remote_likes", ["account", "post_id"], ["account", "post_id"], active, "true")
  }
}
