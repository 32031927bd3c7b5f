/**
 * A database serves either one process that is alone or a cluster, never both: each would believe itself the owner of
 * every timeline. The lone process holds a lock alone, members of a cluster share it.
 */
import { Data, Deferred, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"

/** Somebody of the other kind is at work on this database. */
export class DatabaseInUse extends Data.TaggedError("DatabaseInUse")<{ readonly message: string }> {}

/** Any number that nothing else of ours locks. */
export const LOCK = 7_215_030_002n
const LOOK_INTERVAL = "2 seconds"

const kinds = {
  alone: {
    take: `SELECT pg_try_advisory_lock(${LOCK})`,
    giveBack: `SELECT pg_advisory_unlock(${LOCK})`,
    refusal: "another Rookery serves this database, and a process that is alone cannot share it: stop the other first"
  },
  member: {
    take: `SELECT pg_try_advisory_lock_shared(${LOCK})`,
    giveBack: `SELECT pg_advisory_unlock_shared(${LOCK})`,
    refusal: "a one-process Rookery serves this database: stop it before a cluster uses the same"
  }
}

/** Fails when the database is in use. A lost connection is replaced; if meanwhile somebody else came, `onLost` is told. */
export const layer = (
  kind: keyof typeof kinds,
  onLost: (error: DatabaseInUse) => Effect.Effect<void>
): Layer.Layer<never, DatabaseInUse, SqlClient.SqlClient> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const first = yield* Deferred.make<void, DatabaseInUse>()
    const { giveBack, refusal, take } = kinds[kind]
    /** Holds the lock until the connection is lost. */
    const hold = Effect.scoped(Effect.gen(function*() {
      const connection = yield* sql.reserve
      yield* Effect.addFinalizer(() => Effect.ignore(connection.executeRaw(giveBack, [])))
      const [row] = yield* connection.executeValues(take, [])
      if (row?.[0] !== true) return yield* new DatabaseInUse({ message: refusal })
      yield* Deferred.succeed(first, undefined)
      yield* Effect.repeat(connection.executeRaw("SELECT 1", []), Schedule.spaced(LOOK_INTERVAL))
    }))
    const keep = hold.pipe(
      // A predecessor that was killed holds its lock until Postgres notices, which may be right after its successor came.
      Effect.retry({ while: (error) => error._tag === "DatabaseInUse", schedule: Schedule.spaced("250 millis"), times: 12 }),
      Effect.retry({ while: (error) => error._tag !== "DatabaseInUse", schedule: Schedule.spaced("500 millis") }),
      Effect.catchTag("DatabaseInUse", (error) => Effect.andThen(Deferred.fail(first, error), onLost(error)))
    )
    yield* Effect.forkScoped(keep)
    yield* Deferred.await(first)
  }))

/** Who holds the lock in a mode of Postgres': how the session is named (`processName.ts`), and what no other session ever is. */
const holders = (mode: "ExclusiveLock" | "ShareLock") =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ name: string; session: string }>`
      SELECT a.application_name AS name, concat(a.pid, ' ', a.backend_start) AS session FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.mode = ${mode}
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid = ${Number(LOCK >> 32n)}::oid AND l.objid = ${String(LOCK & 0xffff_ffffn)}::text::oid AND l.objsubid = 1`)

/** Name of the session of the process that serves the database alone; undefined when none does. */
export const loneSession = Effect.map(holders("ExclusiveLock"), ([row]) => row?.name)

/** Sessions of the members of the cluster. One ends with its process, or with its connection. */
export const memberSessions = Effect.map(holders("ShareLock"), (rows) => new Set(rows.map(({ session }) => session)))
