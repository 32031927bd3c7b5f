/** Calls that are repeated until one is answered. */
import { Effect, type Exit } from "effect"

/** Answers by which nothing was done. */
const refusals: ReadonlySet<unknown> = new Set(["MailboxFull", "EntityNotAssignedToRunner"])

const wasRefused = (exit: Exit.Exit<unknown, unknown>): boolean =>
  exit._tag === "Failure" && exit.cause.reasons.every((reason) =>
    reason._tag === "Fail" && refusals.has((reason.error as { readonly _tag?: unknown } | null)?._tag))

/**
 * An effect that may be run again and again: once a run may have been carried out although nobody heard its answer, it tells `call` that the
 * same was asked before. For what a request key would be too much for, because what was done says by itself what it was.
 */
export const repeating = <A, E, R>(call: (again: boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  let again = false
  return Effect.suspend(() =>
    Effect.onExit(call(again), (exit) =>
      Effect.sync(() => {
        if (!wasRefused(exit)) again = true
      })))
}
