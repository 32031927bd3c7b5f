/** Comparing with another datacenter, and saying again what it lacks. */
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { GossipDigest, GossipKey, GossipRange } from "../../GossipStore.ts"
import { partsOf } from "../migrations/gossip/facts.ts"
import { int8s } from "../statement.ts"
import { sources } from "./records.ts"
import { factOf, type StoredFact } from "./settings.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/**
 * Reads a range along its index and stops at the limit. A bitmap, which generic plans like, holds every row of the range
 * before the first one is looked at, and has no order.
 */
const alongIndex = <A>(sql: SqlClient.SqlClient, read: Sql<A>): Sql<A> =>
  sql.withTransaction(Effect.andThen(sql`SELECT set_config('enable_bitmapscan', 'off', true)`, read))

/** Ends in bounded time, however much the range holds. */
export const digest = (sql: SqlClient.SqlClient, range: GossipRange, rowsMax: number): Sql<GossipDigest> =>
  Effect.map(
    alongIndex(sql, sql<{ looked: bigint; count: bigint; hash: string }>`
      SELECT count(*) AS looked, count(*) FILTER (WHERE asked) AS count,
        coalesce(sum(hashint8extended(key, hashint8extended(other, state))) FILTER (WHERE asked), 0)::text AS hash
      FROM (${sources[range.kind].rows(sql, range)} LIMIT ${rowsMax + 1}::int) found`),
    ([row]) => ({ count: Number(row!.count), hash: BigInt.asUintN(64, BigInt(row!.hash)), isWhole: Number(row!.looked) <= rowsMax })
  )

export const facts = (sql: SqlClient.SqlClient, range: GossipRange, limit: number): Sql<ReadonlyArray<GossipFact>> => {
  const { kind, payload, rows: found } = sources[range.kind]
  return Effect.map(
    alongIndex(sql, sql<StoredFact>`
      SELECT ${sql.literal(kind)} AS kind, ${sql.literal(payload)} AS payload
      FROM (${found(sql, range)}) found WHERE asked ORDER BY key, other LIMIT ${limit}`),
    (rows) => rows.map(factOf)
  )
}

export const keys = (sql: SqlClient.SqlClient, range: GossipRange, limit: number): Sql<ReadonlyArray<GossipKey>> =>
  alongIndex(sql, sql<GossipKey>`
    SELECT key, other FROM (${sources[range.kind].rows(sql, range)}) found WHERE asked ORDER BY key, other LIMIT ${limit}`)

/** An own id without a row is of a post that was deleted long ago, or never was: its end is all there is to say, its author is not known. */
export const postsOf = (sql: SqlClient.SqlClient, ids: ReadonlyArray<PostId>, asker: number): Sql<ReadonlyArray<GossipFact>> =>
  Effect.map(
    sql<StoredFact>`
      SELECT CASE WHEN p.deleted_at IS NULL AND p.id IS NOT NULL THEN 3 ELSE 4 END AS kind,
        CASE WHEN p.id IS NULL THEN gossip_tombstone(i.id, i.id, now())
          WHEN p.deleted_at IS NOT NULL THEN gossip_tombstone(p.id, p.author, p.deleted_at)
          ELSE gossip_post(p.id, p.author, p.version, p.visibility, p.sensitive, p.reply_to, p.reply_to_author, p.repost_of,
            p.conversation, p.edited_at, p.mentions, ${sql.literal(partsOf("p"))}) END AS payload
      FROM unnest(${int8s(ids)}) AS i (id) LEFT JOIN posts p ON p.id = i.id
      WHERE NOT is_remote(i.id) AND (p.id IS NULL OR p.deleted_at IS NOT NULL OR p.visibility < 3 OR EXISTS (
        SELECT FROM jsonb_array_elements(p.mentions) m WHERE home_of((m->>'id')::bigint) = ${asker}::smallint))`,
    (rows) => rows.map(factOf)
  )

export const accountsOf = (sql: SqlClient.SqlClient, ids: ReadonlyArray<AccountId>): Sql<ReadonlyArray<GossipFact>> =>
  Effect.map(
    sql<StoredFact>`
      SELECT 1 AS kind, gossip_account(a) AS payload FROM accounts a WHERE a.id = ANY(${int8s(ids)}) AND NOT a.remote
      UNION ALL
      SELECT 1, gossip_gone(g.id, g.version) FROM accounts_gone g WHERE g.id = ANY(${int8s(ids)})
      UNION ALL
      SELECT 2, gossip_account_counts(c) FROM account_counts c JOIN accounts a ON a.id = c.account
      WHERE c.account = ANY(${int8s(ids)}) AND NOT a.remote`,
    (rows) => rows.map(factOf)
  )
