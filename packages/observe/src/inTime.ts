/** Probes of servers that may be frozen. */
import { Effect, Fiber } from "effect"

/** Fails in time also where the probe cannot be interrupted at once, as one cannot that waits for a frozen server. */
export const inTime = <A, E, R>(probe: Effect.Effect<A, E, R>, millis: number): Effect.Effect<A, E | Error, R> =>
  Effect.flatMap(Effect.forkDetach(probe), (asking) =>
    Effect.timeoutOrElse(Fiber.join(asking), {
      duration: millis,
      orElse: () => Effect.andThen(Effect.sync(() => asking.interruptUnsafe()), Effect.fail(new Error(`no answer in ${millis} ms`)))
    }))
