/** What went wrong below an actor becomes `Unavailable` for its caller, and a line in the log. */
import { Unavailable } from "@rookery/protocol/Errors"
import { Effect } from "effect"

const reasonOf = (error: unknown): string =>
  error instanceof Error && error.message !== ""
    ? error.message
    : typeof error === "object" && error !== null && "_tag" in error
    ? String(error._tag)
    : String(error)

export const orUnavailable = <A, R>(effect: Effect.Effect<A, unknown, R>): Effect.Effect<A, Unavailable, R> =>
  Effect.catch(effect, (error) =>
    Effect.andThen(
      Effect.logDebug("an actor could not answer", error),
      Effect.fail(new Unavailable({ reason: reasonOf(error) }))
    ))
