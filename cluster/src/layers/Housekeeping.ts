/** What the tables need now and then. Every runner does it; what one has done the next finds done. */
import type { Configuration } from "@rookery/config/Load"
import { sweep } from "@rookery/store/postgres/sweep"
import { Effect, Layer, Schedule } from "effect"
import type { SqlClient } from "effect/sql"

const INTERVAL = "5 minutes"
const LIMIT = "4 minutes"

export const layer = ({ notificationDays }: Configuration): Layer.Layer<never, never, SqlClient.SqlClient> =>
  Layer.effectDiscard(
    sweep({ notificationDays }).pipe(
      Effect.timeout(LIMIT),
      Effect.catchCause((cause) => Effect.logWarning("Housekeeping failed and will be tried again", cause)),
      // Runners that start together take turns.
      Effect.repeat(Schedule.jittered(Schedule.spaced(INTERVAL))),
      Effect.forkScoped
    )
  )
