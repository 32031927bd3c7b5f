/** Takes away pictures that nothing shows any more. Every runner does it; what one takes the others leave alone. */
import { sweepMedia } from "@rookery/store/mediaSweep"
import { Effect, Layer, Schedule } from "effect"

const INTERVAL = "5 minutes"
const LIMIT = "4 minutes"

export const layer = Layer.effectDiscard(
  sweepMedia.pipe(
    Effect.timeout(LIMIT),
    Effect.catchCause((cause) => Effect.logWarning("Pictures could not be taken away; it will be tried again", cause)),
    // Runners that start together take turns.
    Effect.repeat(Schedule.jittered(Schedule.spaced(INTERVAL))),
    Effect.forkScoped
  )
)
