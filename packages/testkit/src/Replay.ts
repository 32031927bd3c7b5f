/** What a random run that failed says, so that it can be repeated. */
import { Cause, Effect } from "effect"

export interface Replay {
  /** What the run was drawn from. */
  readonly seed: number
  /** How the very same is run again: a setting before `npm test`, or a whole command. */
  readonly again: string
}

/** The run of a test that takes its seed from the environment. */
export const bySetting = (seed: number, base = seed): Replay => ({ seed, again: `ROOKERY_SEED=${base}` })

/** A run whose failure, of any kind, names its seed, how to repeat it, how far it came, and what else is to be `said` of it. */
export const named = <A, E, R>(
  { again, seed }: Replay,
  run: Effect.Effect<A, E, R>,
  howFar: () => string,
  said: () => string = () => ""
): Effect.Effect<A, never, R> =>
  Effect.catchCause(run, (cause) =>
    Effect.die(new Error(`seed ${seed}, ${howFar()}: run again with ${again}\n${Cause.pretty(cause)}${said()}`)))
