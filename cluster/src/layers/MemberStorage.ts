/**
 * The list of members and the shard locks, in Postgres.
 *
 * A runner keeps the requests in flight by ids that their senders make from a 10-bit machine number. Two senders with
 * one number can make one id twice, and the second request then takes the place of the first. So every member, front
 * or runner, gets its number from the row that it registers, and a number that a living member has already
 * (row numbers that differ by a multiple of 1,024) is given back for the next.
 */
import { Effect, type Latch, Layer } from "effect"
import { MachineId, RunnerStorage, type ShardingConfig, SqlRunnerStorage } from "effect/cluster"
import { PersistenceError } from "effect/cluster/ClusterError"
import { SqlClient, type SqlError } from "effect/sql"

/** Names the tables and the space of the locks. One prefix, one cluster. */
export const PREFIX = "cluster"

const MACHINES = 1024
/** More living members than machine numbers is not a cluster that we run. */
const ATTEMPTS_MAX = 32

/** `registered` opens once this process has its machine number: it sends nothing before. */
export const layer = (
  registered: Latch.Latch
): Layer.Layer<RunnerStorage.RunnerStorage, SqlError.SqlError, SqlClient.SqlClient | ShardingConfig.ShardingConfig> =>
  Layer.effect(
    RunnerStorage.RunnerStorage,
    Effect.gen(function*() {
      const storage = yield* SqlRunnerStorage.make({ prefix: PREFIX })
      const sql = yield* SqlClient.SqlClient
      const register: RunnerStorage.RunnerStorage["Service"]["register"] = Effect.fnUntraced(function*(runner, healthy) {
        for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
          const machine = yield* storage.register(runner, healthy)
          if (!(yield* isShared(sql, machine))) return MachineId.make(machine % MACHINES)
          yield* storage.unregister(runner.address)
        }
        return yield* Effect.die(new Error(`every machine number that was tried is taken (${ATTEMPTS_MAX} tried)`))
      })
      return RunnerStorage.RunnerStorage.of({
        ...storage,
        register: (runner, healthy) => Effect.tap(register(runner, healthy), () => registered.open)
      })
    })
  )

const isShared = (sql: SqlClient.SqlClient, machine: number): Effect.Effect<boolean, PersistenceError> =>
  sql`
    SELECT 1 FROM ${sql(`${PREFIX}_runners`)}
    WHERE machine_id % ${MACHINES} = ${machine % MACHINES} AND machine_id <> ${machine} LIMIT 1
  `.pipe(PersistenceError.refail, Effect.map((rows) => rows.length > 0))
