/** Rows that wait to be told, in numbered batches; and numbers, made into such rows now and then. */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { batchFactsMax, type GossipBatch } from "../../GossipStore.ts"
import { int8s } from "../statement.ts"
import { factOf, type Settings, type StoredFact } from "./settings.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/**
 * Rows that no batch has, of one destination each and in the order of their ids. Transactions commit late, so they go by state:
 * a row that appears below one that was taken is of a later batch.
 */
const fill = (sql: SqlClient.SqlClient, limit: number) =>
  sql`
    WITH free AS MATERIALIZED (
      SELECT id, destination FROM gossip_outbox WHERE batch IS NULL ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), placed AS MATERIALIZED (
      SELECT id, destination, (row_number() OVER (PARTITION BY destination ORDER BY id) - 1) / ${batchFactsMax}::int AS part FROM free
    ), made AS MATERIALIZED (
      INSERT INTO gossip_batches (destination) SELECT destination FROM (SELECT DISTINCT destination, part FROM placed) p
      ORDER BY destination, part RETURNING id, destination
    ), numbered AS MATERIALIZED (
      SELECT id, destination, row_number() OVER (PARTITION BY destination ORDER BY id) - 1 AS part FROM made
    )
    UPDATE gossip_outbox o SET batch = n.id FROM placed p JOIN numbered n ON n.destination = p.destination AND n.part = p.part
    WHERE o.id = p.id`

interface Row extends StoredFact {
  readonly batch: bigint
  readonly destination: number
}

const unshipped = (sql: SqlClient.SqlClient, batchesMax: number): Sql<ReadonlyArray<GossipBatch>> =>
  Effect.map(
    sql<Row>`
      WITH waiting AS MATERIALIZED (SELECT id, destination FROM gossip_batches ORDER BY id LIMIT ${batchesMax})
      SELECT w.id AS batch, w.destination, o.kind, o.payload FROM waiting w JOIN gossip_outbox o ON o.batch = w.id
      ORDER BY o.batch, o.id`,
    (rows) =>
      Array.from(Map.groupBy(rows, (row) => row.batch), ([id, own]) => ({ id, destination: own[0]!.destination, facts: own.map(factOf) }))
  )

export const claim = (sql: SqlClient.SqlClient, limit: number, batchesMax: number): Sql<ReadonlyArray<GossipBatch>> =>
  Effect.andThen(fill(sql, limit), unshipped(sql, batchesMax))

export const shipped = (sql: SqlClient.SqlClient, batches: ReadonlyArray<bigint>): Sql<void> =>
  batches.length === 0 ? Effect.void : Effect.asVoid(sql`
    WITH gone AS (DELETE FROM gossip_batches WHERE id = ANY(${int8s(batches)}))
    DELETE FROM gossip_outbox WHERE batch = ANY(${int8s(batches)})`)

export const backlog = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ rows: bigint; oldestMillis: number }>`
      SELECT count(*) AS rows,
        greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)) * 1000, 0))::float8 AS "oldestMillis"
      FROM gossip_outbox`,
    ([row]) => ({ rows: Number(row!.rows), oldestMillis: row!.oldestMillis })
  )

/** The rows are locked before their marks go: a change that waits for a row marks it anew. */
const postCounts = (sql: SqlClient.SqlClient, own: number, limit: number): Sql<number> =>
  sql.withTransaction(Effect.gen(function*() {
    const marks = yield* sql<{ key: bigint }>`
      SELECT key FROM gossip_marks WHERE kind = 0 ORDER BY key LIMIT ${limit}`
    if (marks.length === 0) return 0
    const ids = int8s(marks.map((mark) => mark.key))
    yield* sql`SELECT post_id FROM post_counts WHERE post_id = ANY(${ids}) ORDER BY post_id FOR NO KEY UPDATE`
    yield* sql`DELETE FROM gossip_marks WHERE kind = 0 AND key = ANY(${ids})`
    yield* sql`
      WITH own AS MATERIALIZED (
        SELECT c.post_id, c.likes - coalesce(e.likes, 0) AS likes, c.reposts - coalesce(e.reposts, 0) AS reposts,
          c.replies - coalesce(e.replies, 0) AS replies
        FROM post_counts c LEFT JOIN LATERAL (
          SELECT sum(likes)::int AS likes, sum(reposts)::int AS reposts, sum(replies)::int AS replies
          FROM post_counts_elsewhere WHERE post_id = c.post_id AND datacenter <> ${own}::smallint
        ) e ON true WHERE c.post_id = ANY(${ids})
      ), kept AS (
        INSERT INTO post_counts_elsewhere AS k (post_id, datacenter, version, likes, reposts, replies)
        SELECT post_id, ${own}::smallint, nextval('gossip_versions'), likes, reposts, replies FROM own
        ON CONFLICT (post_id, datacenter) DO UPDATE SET version = excluded.version, likes = excluded.likes,
          reposts = excluded.reposts, replies = excluded.replies
        WHERE (k.likes, k.reposts, k.replies) <> (excluded.likes, excluded.reposts, excluded.replies) RETURNING k
      )
      INSERT INTO gossip_outbox (destination, kind, key, payload) SELECT -1, 9, (k).post_id, gossip_counts(k) FROM kept`
    return marks.length
  }))

const accountCounts = (sql: SqlClient.SqlClient, limit: number): Sql<number> =>
  sql.withTransaction(Effect.gen(function*() {
    const marks = yield* sql<{ key: bigint }>`
      SELECT DISTINCT key FROM gossip_marks WHERE kind IN (1, 2) ORDER BY key LIMIT ${limit}`
    if (marks.length === 0) return 0
    const ids = int8s(marks.map((mark) => mark.key))
    yield* sql`SELECT account FROM readers WHERE account = ANY(${ids}) ORDER BY account FOR NO KEY UPDATE`
    yield* sql`SELECT account FROM authors WHERE account = ANY(${ids}) ORDER BY account FOR NO KEY UPDATE`
    yield* sql`DELETE FROM gossip_marks WHERE kind IN (1, 2) AND key = ANY(${ids})`
    yield* sql`
      WITH kept AS (
        INSERT INTO account_counts AS k (account, version, followers, following, statuses, last_status_at)
        SELECT w.account, nextval('gossip_versions'), w.followers + w.followers_elsewhere, r.following, w.statuses,
          coalesce(millis_of(w.last_status_at), 0)
        FROM authors w JOIN readers r ON r.account = w.account WHERE w.account = ANY(${ids})
        ON CONFLICT (account) DO UPDATE SET version = excluded.version, followers = excluded.followers,
          following = excluded.following, statuses = excluded.statuses, last_status_at = excluded.last_status_at RETURNING k
      )
      INSERT INTO gossip_outbox (destination, kind, key, payload) SELECT -1, 2, (k).account, gossip_account_counts(k) FROM kept`
    return marks.length
  }))

export const tellCounts = (sql: SqlClient.SqlClient, { datacenters }: Settings, limit: number): Sql<number> =>
  Effect.map(
    Effect.all([postCounts(sql, datacenters.own, limit), accountCounts(sql, limit)]),
    ([posts, accounts]) => posts + accounts
  )
