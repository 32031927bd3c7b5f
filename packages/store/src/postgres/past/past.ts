/**
 * Packs old posts, partition by partition, in steps. All that a step needs to know stands in the database, so whoever makes the
 * next one goes on where the last left off, also after a crash in the middle of it; of several who try one does it.
 */
import * as Limits from "@rookery/domain/Limits"
import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { StoreError } from "../../StoreError.ts"
import { begin, fill } from "./fill.ts"
import { filling, type Part, waiting } from "./parts.ts"
import { drain, indexStatements, swap } from "./swap.ts"
import { scrub, tidy } from "./tidy.ts"

/** Held by whoever makes a step, for so long. */
const pastLock = 7_215_030_022n

export type StepName = "begun" | "copied" | "indexed" | "swapped" | "held up" | "tidied"

export interface Step {
  /** What was done; "busy": another process is at it; "idle": there is nothing to do. */
  readonly did: StepName | "busy" | "idle"
  /** The partition, and how far it is; none where it is not about one. */
  readonly part?: { readonly name: string; readonly posts: number; readonly total: number }
}

/** For the rest of the transaction. */
const claim = (sql: SqlClient.SqlClient): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(sql<{ taken: boolean }>`SELECT pg_try_advisory_xact_lock(${pastLock}) AS taken`, ([row]) => row?.taken === true)

const about = (did: StepName, { name, posts, total }: Part): Step => ({
  did,
  part: { name, posts: Number(posts), total: Math.max(Number(total), Number(posts)) }
})

/** Builds on a connection of its own, without the limits of time that transactions have. The lock outlives us until the server is done. */
const buildIndexes = (sql: SqlClient.SqlClient, part: Part) =>
  Effect.scoped(Effect.gen(function*() {
    const connection = yield* sql.reserve
    const run = (text: string) => connection.executeUnprepared(text, [], undefined)
    const [row] = yield* run(`SELECT pg_try_advisory_lock(${pastLock}) AS taken`)
    if (row === undefined || !("taken" in row) || row.taken !== true) return { did: "busy" } as const
    const build = Effect.flatMap(filling(sql), (now) =>
      now?.id !== part.id ? Effect.succeed([]) : indexStatements(sql, part)).pipe(
        Effect.flatMap(Effect.forEach(run, { discard: true }))
      )
    const unbound = Effect.andThen(run("SET statement_timeout = 0"), run("SET transaction_timeout = 0"))
    const bound = Effect.andThen(run("RESET statement_timeout"), run("RESET transaction_timeout"))
    return yield* unbound.pipe(
      Effect.andThen(build),
      Effect.ensuring(Effect.ignore(bound)),
      Effect.ensuring(Effect.ignore(run(`SELECT pg_advisory_unlock(${pastLock})`))),
      Effect.as(about("indexed", part))
    )
  }))

/** A step that was made, or a part that is filled, and what it needs next. */
type Prepared = { readonly step: Step } | { readonly part: Part; readonly needs: "indexes" | "swap" }

/** In one transaction, if nobody else is at it. */
const prepare = (sql: SqlClient.SqlClient, before: bigint): Effect.Effect<Prepared, SqlError.SqlError> =>
  Effect.gen(function*() {
    if (!(yield* claim(sql))) return { step: { did: "busy" } }
    if ((yield* scrub(sql)) || (yield* tidy(sql))) return { step: { did: "tidied" } }
    const part = yield* filling(sql)
    if (part === undefined) return { step: yield* next(sql, before) }
    if (yield* fill(sql, part)) return { step: about("copied", (yield* filling(sql)) ?? part) }
    const statements = yield* indexStatements(sql, part)
    return { part, needs: statements.length > 0 ? "indexes" : "swap" }
  })

const next = (sql: SqlClient.SqlClient, before: bigint): Effect.Effect<Step, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [partition] = yield* waiting(sql, before)
    if (partition === undefined) return { did: "idle" }
    yield* begin(sql, partition)
    return about("begun", (yield* filling(sql))!)
  })

/** Takes what changed over by and by; then swaps. Locks that are not to be had are asked for again in a later step. */
const finish = (sql: SqlClient.SqlClient, part: Part): Effect.Effect<Step, SqlError.SqlError> => {
  const claimed = <A>(effect: Effect.Effect<A, SqlError.SqlError>, busy: A) =>
    sql.withTransaction(Effect.gen(function*() {
      if (!(yield* claim(sql)) || (yield* filling(sql))?.id !== part.id) return busy
      return yield* effect
    }))
  return Effect.gen(function*() {
    yield* claimed(drain(sql, part), 0)
    const swapped = yield* claimed(swap(sql, part), false)
    return about(swapped ? "swapped" : "held up", part)
  })
}

/** A lock that others held for longer than they may be made to wait for it. */
const isHeldUp = (error: SqlError.SqlError): boolean => error.reason._tag === "LockTimeoutError"

/** The next step for posts below `before`, which takes some seconds at most, but minutes where indexes of a large month are built. */
export const step = (before: bigint): Effect.Effect<Step, StoreError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const prepared = yield* Effect.timeout(sql.withTransaction(prepare(sql, before)), Limits.transactionMillisMax)
    if ("step" in prepared) return prepared.step
    const act = prepared.needs === "indexes" ? buildIndexes : finish
    return yield* act(sql, prepared.part)
  }).pipe(
    Effect.catchIf((error) => error._tag === "SqlError" && isHeldUp(error), () => Effect.succeed<Step>({ did: "held up" })),
    Effect.mapError((cause) => new StoreError({ operation: "past.step", cause }))
  )
