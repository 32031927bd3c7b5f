/**
 * Notices that this process stood still (SIGSTOP, a swapped-out machine) for longer than its shard locks
 * may be trusted. Advisory locks give no fencing token: after such a pause another runner may own our
 * shards, so reads are refused until the locks must have been confirmed or taken from us.
 */
import { Effect, type Scope } from "effect"

export interface PauseGuard {
  /** False while the locks are in doubt. The first call after a pause already says so. */
  readonly trusted: () => boolean
}

const beatMillis = 200

export const make = (options: {
  readonly pauseMaxMillis: number
  readonly confirmMillis: number
  readonly now: () => number
  /** Runs once for each pause, before anything is answered. */
  readonly onPause: () => void
}): Effect.Effect<PauseGuard, never, Scope.Scope> =>
  Effect.gen(function*() {
    let lastBeat = options.now()
    let doubtedUntil = 0

    const beat = () => {
      const now = options.now()
      if (now - lastBeat > options.pauseMaxMillis) {
        doubtedUntil = now + options.confirmMillis
        options.onPause()
      }
      lastBeat = now
    }

    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(beat, beatMillis)),
      (timer) => Effect.sync(() => clearInterval(timer))
    )

    const trusted = () => {
      beat()
      return lastBeat >= doubtedUntil
    }
    return { trusted }
  })
