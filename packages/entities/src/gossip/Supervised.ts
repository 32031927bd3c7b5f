/** Loops that go on whatever happens, one of each in the datacenter. */
import { Duration, Effect } from "effect"
import { Sharding } from "effect/cluster"

/** After a failure: 200, 400 … ms, 5 s at most, with jitter; forgotten by a success. */
const pauses = (failures: number): Duration.Duration => Duration.millis(Math.min(5_000, 100 * 2 ** Math.min(failures, 10)) * (0.75 + Math.random() / 2))

/** Repeats `round`, with a pause after each that it answers in milliseconds. The first failure of several is logged, and that they ended. */
export const forever = <E, R>(what: string, round: Effect.Effect<number, E, R>): Effect.Effect<never, never, R> => {
  let failures = 0
  const succeeded = (millis: number) => {
    const back = failures > 0 ? Effect.logInfo(`${what} goes on`) : Effect.void
    failures = 0
    return Effect.andThen(back, millis > 0 ? Effect.sleep(millis) : Effect.yieldNow)
  }
  return round.pipe(
    Effect.flatMap(succeeded),
    Effect.catchCause((cause) => {
      failures++
      const say = failures === 1 ? Effect.logWarning(`${what} failed and is tried again`, cause) : Effect.logDebug(`${what} failed again`, cause)
      return Effect.andThen(say, Effect.sleep(pauses(failures)))
    }),
    Effect.forever
  )
}

/** Runs in one member of the cluster at a time, as nearly as shard locks can tell: what it does must bear a second one for moments. */
export const once = <E, R>(name: string, run: Effect.Effect<void, E, R>) =>
  Effect.flatMap(Sharding.Sharding, (sharding) => sharding.registerSingleton(`gossip-${name}`, run))
