/** The outbox in Postgres. Rows are claimed by state, never by a last-seen id: transactions commit late. */
import type { PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import type { OutboxStore, Progress, RetryWait } from "../OutboxStore.ts"
import { outboxRowOf, type StoredTask, taskKinds } from "./outboxTask.ts"
import { byteas, int2s, int8s, operation } from "./statement.ts"

const columns = `o.id, o.owner, o.kind, o.post_id AS "postId", o.payload, o.progress, o.attempts, o.created_at AS "createdAt"`

/** The bound on the wait is reached long before; 2 to the power of any number of attempts would overflow. */
const doublingsMax = 30

export const make = Effect.map(SqlClient.SqlClient, (sql): OutboxStore["Service"] => {
  const returning = sql.literal(columns)
  const until = (claimMillis: number) =>
    sql`clock_timestamp() + ${claimMillis}::int * interval '1 millisecond'`

  const free = (limit: number, only: string, order: "ASC" | "DESC") =>
    sql`SELECT id FROM outbox WHERE claimed_until <= clock_timestamp() AND ${sql.literal(only)}
      ORDER BY id ${sql.literal(order)} LIMIT ${limit}::int FOR UPDATE SKIP LOCKED`

  const claim = (limit: number, claimMillis: number, only = "true") =>
    Effect.map(
      sql<StoredTask>`
        WITH oldest AS MATERIALIZED (${free(Math.ceil(limit / 2), only, "ASC")}),
        newest AS MATERIALIZED (${free(Math.floor(limit / 2), only, "DESC")}),
        free AS MATERIALIZED (SELECT id FROM oldest UNION SELECT id FROM newest),
        claimed AS (
          UPDATE outbox o SET claimed_until = ${until(claimMillis)}, attempts = attempts + 1
          FROM free WHERE o.id = free.id RETURNING ${returning}
        )
        SELECT * FROM claimed ORDER BY id`,
      (rows) => rows.map(outboxRowOf)
    )

  /** Rows are locked in the order of their ids, here and below, so that two drivers cannot block each other. */
  const take = (ids: ReadonlyArray<bigint>, claimMillis: number) =>
    Effect.map(
      sql<StoredTask>`
        WITH locked AS MATERIALIZED (SELECT id FROM outbox WHERE id = ANY(${int8s(ids)}) ORDER BY id FOR UPDATE)
        UPDATE outbox o SET claimed_until = ${until(claimMillis)} FROM locked WHERE o.id = locked.id RETURNING ${returning}`,
      (rows) => {
        const found = new Map(rows.map((row) => [row.id, outboxRowOf(row)]))
        return ids.map((id) => found.get(id))
      }
    )

  /** How far each row came, and when it is free to be claimed. */
  const write = (rows: ReadonlyArray<Progress>, freeAt: Statement.Fragment) => {
    const ids = int8s(rows.map((row) => row.id))
    return Effect.asVoid(sql`
      WITH locked AS MATERIALIZED (SELECT id FROM outbox WHERE id = ANY(${ids}) ORDER BY id FOR UPDATE)
      UPDATE outbox o SET progress = made.progress, claimed_until = ${freeAt}
      FROM unnest(${ids}, ${byteas(rows.map((row) => row.progress))}) AS made (id, progress), locked
      WHERE o.id = made.id AND locked.id = o.id`)
  }

  const rested = ({ firstMillis, mostMillis }: RetryWait) =>
    sql`clock_timestamp() + least(${mostMillis}::int, ${firstMillis}::int * 2 ^ least(o.attempts, ${doublingsMax}::int)) * interval '1 millisecond'`

  const endClaims = (shards: ReadonlyArray<number>) =>
    Effect.asVoid(sql`
      WITH locked AS MATERIALIZED (
        SELECT o.id FROM outbox o JOIN accounts a ON a.id = o.owner
        WHERE o.claimed_until > clock_timestamp() AND o.kind <> ${taskKinds.Notify} AND a.shard = ANY(${int2s(shards)})
        ORDER BY o.id FOR UPDATE OF o
      )
      UPDATE outbox o SET claimed_until = clock_timestamp() FROM locked WHERE locked.id = o.id`)

  const done = (ids: ReadonlyArray<bigint>) =>
    Effect.asVoid(sql`
      WITH locked AS MATERIALIZED (SELECT id FROM outbox WHERE id = ANY(${int8s(ids)}) ORDER BY id FOR UPDATE)
      DELETE FROM outbox o USING locked WHERE o.id = locked.id`)

  const backlog = Effect.map(
    sql<{ rows: bigint; oldestMillis: number; lowestFanout: PostId | null }>`
      SELECT count(*) AS rows,
        greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)) * 1000, 0))::float8 AS "oldestMillis",
        min(post_id) FILTER (WHERE kind = ${taskKinds.Fanout}) AS "lowestFanout"
      FROM outbox`,
    ([row]) => ({
      rows: Number(row!.rows),
      oldestMillis: row!.oldestMillis,
      lowestFanout: row!.lowestFanout ?? undefined
    })
  )

  return {
    claim: (limit, claimMillis) => operation("OutboxStore.claim", claim(limit, claimMillis)),
    claimNotices: (limit, claimMillis) =>
      operation("OutboxStore.claimNotices", claim(limit, claimMillis, `kind = ${taskKinds.Notify}`)),
    take: (ids, claimMillis) => operation("OutboxStore.take", take(ids, claimMillis)),
    endClaims: (shards) => operation("OutboxStore.endClaims", endClaims(shards)),
    progress: (rows, claimMillis) => operation("OutboxStore.progress", write(rows, until(claimMillis))),
    giveBack: (rows, wait) => operation("OutboxStore.giveBack", write(rows, rested(wait))),
    done: (ids) => ids.length === 0 ? Effect.void : operation("OutboxStore.done", done(ids)),
    backlog: operation("OutboxStore.backlog", backlog)
  }
})
