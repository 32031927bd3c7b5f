/** The pool of connections to Postgres, with the server's own limits on every session. */
import { PgClient } from "@effect/sql-pg"
import * as Limits from "@rookery/domain/Limits"
import { Cause, Effect, type Redacted } from "effect"
import { SqlError } from "effect/sql"

export interface Settings {
  /** `postgres://user:password@host:port/database`. */
  readonly url: Redacted.Redacted
  /** Connections at most; callers beyond wait for one, as long as their operation may take. */
  readonly maxConnections: number
  /** Shown in `pg_stat_activity`; names the process. */
  readonly applicationName: string
}

/** Milliseconds that a transaction may wait for its client: a stopped process must not hold rows. */
const idleInTransactionMillis = 5_000

/** Seconds without a word until a client is asked whether it is there, and how often: a machine that was lost holds locks no longer than 30 s. */
const keepAlive = { idle: 15, interval: 5, count: 3 }

/**
 * The settings of every session. `transaction_timeout` needs PostgreSQL 17; an older server refuses the connection
 * and names the parameter.
 */
const startupParameters: Readonly<Record<string, string>> = {
  transaction_timeout: String(Limits.transactionMillisMax),
  statement_timeout: String(Limits.transactionMillisMax),
  idle_in_transaction_session_timeout: String(idleInTransactionMillis),
  tcp_keepalives_idle: String(keepAlive.idle),
  tcp_keepalives_interval: String(keepAlive.interval),
  tcp_keepalives_count: String(keepAlive.count),
  // A plan for any parameters is made once: planning over many partitions costs more than these statements do. It may be
  // made while the tables are empty, so it must not depend on how full they look: every join here goes by an index.
  plan_cache_mode: "force_generic_plan",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_seqscan: "off",
  jit: "off"
}

/** What a transaction died of, if that is an error of the database. */
const lostWith = (cause: Cause.Cause<unknown>): SqlError.SqlError | undefined => {
  for (const reason of cause.reasons) {
    if (Cause.isDieReason(reason) && SqlError.isSqlError(reason.defect)) return reason.defect
  }
  return undefined
}

/**
 * Effect dies of a rollback that fails, and of what it was to undo, and with a connection that was lost in a transaction
 * every rollback fails. The server has rolled back by itself then: a failure like that of any statement.
 */
const failLostTransactions = (client: PgClient.PgClient): PgClient.PgClient => {
  const { withTransaction } = client
  return Object.assign(client, {
    withTransaction: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.catchCause(withTransaction(effect), (cause) => {
        const lost = lostWith(cause)
        return lost === undefined ? Effect.failCause(cause) : Effect.fail(lost)
      })
  })
}

const makePool = (config: Parameters<typeof PgClient.make>[0]) =>
  PgClient.layerFrom(Effect.map(PgClient.make(config), failLostTransactions))

/** One pool; `PgClient` and `SqlClient`. Connections open when first used, so it is made also while the server is away. */
export const layer = (settings: Settings) =>
  makePool({
    url: settings.url,
    maxConnections: settings.maxConnections,
    applicationName: settings.applicationName,
    connectTimeout: "5 seconds",
    startupParameters
  })

/** One connection without limits in time, for migrations and imports that an operator watches. */
export const operatorLayer = (settings: Pick<Settings, "url" | "applicationName">) =>
  makePool({ ...settings, maxConnections: 2, connectTimeout: "5 seconds" })
