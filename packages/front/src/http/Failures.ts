/** What a request ends with that has no answer: a line in the log, and what its client is told. */
import * as Logs from "@rookery/observe/Logs"
import type { StoreError } from "@rookery/store/StoreError"
import { type Cause, Effect, Exit } from "effect"
import { ApiError, timedOut, unavailable } from "./Errors.ts"

/** At most one line in this many milliseconds: while a store is away every request fails alike. */
const logMillis = 1_000

/** Logs what went wrong here, with how often it was held back since. */
export const makeLog = (run: (effect: Effect.Effect<void>) => unknown) => {
  let quietUntil = 0
  let heldBack = 0
  return (cause: Cause.Cause<unknown>): void => {
    if (performance.now() < quietUntil) {
      heldBack++
      return
    }
    run(Effect.annotateLogs(Effect.logError(Logs.names.requestFailed, cause), { heldBack }))
    quietUntil = performance.now() + logMillis
    heldBack = 0
  }
}

/** What the client is told; what it is not told is logged. */
export const told = (
  exit: Exit.Failure<unknown, ApiError | StoreError>,
  log: (cause: Cause.Cause<unknown>) => void
): ApiError => {
  const found = Exit.findErrorOption(exit)
  if (found._tag === "Some") {
    if (found.value._tag === "ApiError") return found.value
    log(exit.cause)
    return unavailable()
  }
  if (Exit.hasInterrupts(exit)) return timedOut()
  log(exit.cause)
  return new ApiError({ status: 500, error: "Something went wrong" })
}
