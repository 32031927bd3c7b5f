/** What every operation of these stores shares: typed arrays as parameters, bounds in time, and its error. */
import { PgTypes } from "@effect/sql-pg"
import * as Limits from "@rookery/domain/Limits"
import * as Outages from "@rookery/observe/Outages"
import { type Cause, Effect, Result, Schedule } from "effect"
import type { SqlError } from "effect/sql"
import { StoreError } from "../StoreError.ts"

/** An array whose element type is named: inference cannot type an empty one, or one of nulls. */
const array = (oid: number) => (values: ReadonlyArray<unknown>): PgTypes.Parameter =>
  Result.getOrThrow(PgTypes.array(values, oid))

export const int8s: (values: ReadonlyArray<bigint | null>) => PgTypes.Parameter = array(PgTypes.OID.int8)
export const int4s: (values: ReadonlyArray<number>) => PgTypes.Parameter = array(PgTypes.OID.int4)
export const float8s: (values: ReadonlyArray<number>) => PgTypes.Parameter = array(PgTypes.OID.float8)
export const int2s: (values: ReadonlyArray<number>) => PgTypes.Parameter = array(PgTypes.OID.int2)
export const bools: (values: ReadonlyArray<boolean>) => PgTypes.Parameter = array(PgTypes.OID.bool)
export const texts: (values: ReadonlyArray<string | null>) => PgTypes.Parameter = array(PgTypes.OID.text)
export const byteas: (values: ReadonlyArray<Uint8Array>) => PgTypes.Parameter = array(PgTypes.OID.bytea)

/** Postgres cannot store U+0000 in text, and one such text must not fail the batch that it is in. */
export const storable = (text: string): string => text.includes("\u0000") ? text.replaceAll("\u0000", "") : text

/** What another transaction caused, and a repetition may get past. A unique key that was taken meanwhile is found on the next try. */
const isContention = (error: SqlError.SqlError): boolean =>
  error.reason._tag === "DeadlockError" || error.reason._tag === "SerializationError" ||
  error.reason._tag === "UniqueViolation"

const retriesMax = 5
const backoff = Schedule.exponential("5 millis").pipe(Schedule.jittered)

/** While the server is known to be away nobody waits long to be told so. */
const awayMillisMax = 1_000

const millisMax = (): number => Outages.isAway("Postgres") ? awayMillisMax : Limits.transactionMillisMax

const storeError = (name: string) => (cause: SqlError.SqlError | Cause.TimeoutError): StoreError => {
  if (cause._tag === "SqlError" && cause.reason._tag === "ConnectionError") Outages.doubt("Postgres")
  return new StoreError({ operation: name, cause })
}

const answered = Effect.sync(() => Outages.answered("Postgres"))

/**
 * Runs one operation: retries contention a few times, ends at the bound that transactions have, and turns whatever
 * failed into `StoreError` with the operation's name.
 */
export const operation = <A, R>(
  name: string,
  effect: Effect.Effect<A, SqlError.SqlError, R>
): Effect.Effect<A, StoreError, R> =>
  Effect.suspend(() =>
    effect.pipe(
      Effect.retry({ while: isContention, times: retriesMax, schedule: backoff }),
      Effect.tap(answered),
      Effect.timeout(millisMax()),
      Effect.mapError(storeError(name))
    )
  )
