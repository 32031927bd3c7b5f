/** Noticing that members of the cluster ended, whoever they were and however they went. */
import { Effect, Queue, Schedule, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import * as Exclusivity from "./Exclusivity.ts"

const lookInterval = "2 seconds"

/** Answers whether somebody is missed who was there when it was run last. Who only lost the connection is missed too. */
export const makeLook = () => {
  let known = new Set<string>()
  return Effect.map(Exclusivity.memberSessions, (now) => {
    const isMissed = [...known].some((session) => !now.has(session))
    known = now
    return isMissed
  })
}

/** One for each look that misses somebody. */
export const stream: Stream.Stream<void, never, SqlClient.SqlClient> = Stream.callback((ended) =>
  makeLook().pipe(
    Effect.map((isMissed) => void (isMissed && Queue.offerUnsafe(ended, undefined))),
    // While the database is away nobody commits anything.
    Effect.catchCause((cause) => Effect.logDebug("members could not be looked at", cause)),
    Effect.repeat(Schedule.spaced(lookInterval))
  ), { bufferSize: 1, strategy: "sliding" })
