/** Calls that are repeated until one is answered. */
import { Effect } from "effect"

/**
 * An effect that may be run again and again: from its second run on it tells `call` that the same was asked before, and that whoever was asked may
 * have done it. For what a request key would be too much for, because what was done says by itself what it was.
 */
export const repeating = <A, E, R>(call: (again: boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  let again = false
  return Effect.suspend(() => {
    const attempt = call(again)
    again = true
    return attempt
  })
}
