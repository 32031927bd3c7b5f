/** At most so many password hashes at once, and so many waiting: each takes 19 MiB and a core. */
import { Effect, Semaphore } from "effect"
import { type ApiError, unavailable } from "../http/Errors.ts"

export type HashGate = <A>(work: Effect.Effect<A>) => Effect.Effect<A, ApiError>

export const make = (atOnce: number, waitingMax: number): HashGate => {
  const semaphore = Semaphore.makeUnsafe(atOnce)
  let inside = 0
  return <A>(work: Effect.Effect<A>) =>
    Effect.suspend((): Effect.Effect<A, ApiError> => {
      if (inside >= atOnce + waitingMax) return Effect.fail(unavailable())
      inside++
      return Effect.ensuring(semaphore.withPermits(1)(work), Effect.sync(() => inside--))
    })
}
