/** Gossip in Postgres. */
import type { Datacenters } from "@rookery/domain/Datacenters"
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { GossipStore, type RefusedMessage, refusedBytesMax } from "../../GossipStore.ts"
import { removeWrappers } from "../postChanges.ts"
import { int2s, int8s, operation, storable, texts } from "../statement.ts"
import { apply } from "./apply.ts"
import * as Outgoing from "./outgoing.ts"
import * as Repair from "./repair.ts"
import type { Settings } from "./settings.ts"

/** Refused messages that are kept. */
const refusedMax = 1_000

/** Rows that one sweep drops. */
const sweptMax = 5_000

const makeRefused = (sql: SqlClient.SqlClient) => ({
  keep: (origin: string, reason: string, data: Uint8Array) =>
    Effect.asVoid(sql`
      WITH kept AS (
        INSERT INTO gossip_refused (origin, reason, data)
        VALUES (${storable(origin)}, ${storable(reason)}, ${data.subarray(0, refusedBytesMax)}) RETURNING id
      )
      DELETE FROM gossip_refused USING kept WHERE gossip_refused.id <= kept.id - ${refusedMax}::int`),
  list: (limit: number) =>
    Effect.map(
      sql<Omit<RefusedMessage, "at"> & { readonly at: Date }>`
        SELECT id, origin, reason, data, at FROM gossip_refused ORDER BY id DESC LIMIT ${limit}`,
      (rows) => rows.map((row): RefusedMessage => ({ ...row, at: row.at.getTime() }))
    )
})

const placeholders = (sql: SqlClient.SqlClient, after: AccountId | undefined, limit: number) =>
  Effect.map(
    sql<{ id: AccountId }>`
      SELECT id FROM accounts WHERE remote AND NOT gone AND left(username_key, 1) = '#' AND gossip_version = 0
        AND id > ${after ?? 0n} ORDER BY id LIMIT ${limit}`,
    (rows) => rows.map((row) => row.id)
  )

/** One below which replies hang stays: the thread is found through it. */
const sweep = (sql: SqlClient.SqlClient, { tombstoneMillis }: Settings) =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`SELECT set_config('rookery.quiet', 'on', true)`
    const gone = yield* sql`
      WITH old AS MATERIALIZED (
        SELECT id FROM posts p WHERE deleted_at < now() - ${BigInt(tombstoneMillis)} * interval '1 millisecond'
          AND NOT EXISTS (SELECT FROM posts r WHERE r.reply_to = p.id) ORDER BY deleted_at LIMIT ${sweptMax}
      ), unmentioned AS (
        DELETE FROM post_mentions m USING old WHERE m.post_id = old.id
      ), uncounted AS (
        DELETE FROM post_counts_elsewhere e USING old WHERE e.post_id = old.id
      ), unsummed AS (
        DELETE FROM post_counts c USING old WHERE c.post_id = old.id
      )
      DELETE FROM posts WHERE id = ANY(ARRAY(SELECT id FROM old)) AND deleted_at IS NOT NULL RETURNING 1`
    return gone.length
  }))

const enableOn = (sql: SqlClient.SqlClient, { homes, names, own }: Datacenters) =>
  operation("GossipStore.enable", Effect.asVoid(sql`SELECT gossip_enable(${texts(names)}, ${own}::smallint, ${int2s([...homes])})`))

/** As `GossipStore.enable`, for whoever migrates. */
export const enable = (datacenters: Datacenters) => Effect.flatMap(SqlClient.SqlClient, (sql) => enableOn(sql, datacenters))

const wrappersAtOnce = 1_000

/**
 * What own people made of posts that ended elsewhere goes too, and that is told: so it is outside of the quiet transaction. A message
 * that comes again after a crash makes up for it, and so does the sweep.
 */
const unwrap = (sql: SqlClient.SqlClient, facts: ReadonlyArray<GossipFact>) =>
  Effect.gen(function*() {
    const ended = facts.flatMap((fact) => fact._tag === "Tombstone" ? [fact.id] : [])
    if (ended.length === 0) return
    const wrapped = yield* sql<{ id: PostId }>`
      SELECT DISTINCT post_id AS id FROM reposts WHERE post_id = ANY(${int8s(ended)}) AND NOT is_remote(account) ORDER BY 1`
    for (const { id } of wrapped) {
      yield* Effect.repeat(sql.withTransaction(removeWrappers(sql, id, wrappersAtOnce)), { while: (removed) => removed === wrappersAtOnce })
    }
  })

const make = (settings: Settings) =>
  Effect.map(SqlClient.SqlClient, (sql): GossipStore["Service"] => {
    const { datacenters } = settings
    const refused = makeRefused(sql)
    return {
      enable: enableOn(sql, datacenters),
      tellCounts: (limit) => operation("GossipStore.tellCounts", Outgoing.tellCounts(sql, settings, limit)),
      claim: (limit, batchesMax) => operation("GossipStore.claim", Outgoing.claim(sql, limit, batchesMax)),
      shipped: (batches) => operation("GossipStore.shipped", Outgoing.shipped(sql, batches)),
      backlog: operation("GossipStore.backlog", Outgoing.backlog(sql)),
      apply: (origin, facts, confirmed = false) =>
        operation("GossipStore.apply", Effect.tap(apply(sql, settings, origin, facts, confirmed), () => unwrap(sql, facts))),
      placeholders: (after, limit) => operation("GossipStore.placeholders", placeholders(sql, after, limit)),
      refuse: (origin, reason, data) => operation("GossipStore.refuse", refused.keep(origin, reason, data)),
      refused: (limit) => operation("GossipStore.refused", refused.list(limit)),
      digest: (range, rowsMax) => operation("GossipStore.digest", Repair.digest(sql, range, rowsMax)),
      facts: (range, limit) => operation("GossipStore.facts", Repair.facts(sql, range, limit)),
      keys: (range, limit) => operation("GossipStore.keys", Repair.keys(sql, range, limit)),
      postsOf: (ids, asker) => operation("GossipStore.postsOf", Repair.postsOf(sql, ids, asker)),
      accountsOf: (ids) => operation("GossipStore.accountsOf", Repair.accountsOf(sql, ids)),
      sweep: operation("GossipStore.sweep", sweep(sql, settings))
    }
  })

/** Needs the `SqlClient` of a pool on a migrated database. */
export const layer = (settings: Settings) => Layer.effect(GossipStore, make(settings))
