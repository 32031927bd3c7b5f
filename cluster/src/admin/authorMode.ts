/** Setting by hand how an author's posts reach their followers. */
import * as FanoutMode from "@rookery/domain/FanoutMode"
import { Author } from "@rookery/protocol/Author"
import { type AuthorRow, AuthorStore } from "@rookery/store/AuthorStore"
import { Effect, Schedule } from "effect"
import { Sharding } from "effect/cluster"
import * as accounts from "./accounts.ts"
import { AdminError } from "./AdminError.ts"

const ATTEMPTS_MAX = 5
const CALL_LIMIT = "15 seconds"

/** Through the author's actor; needs a runner that serves it. */
export const throughActor = Effect.fnUntraced(function*(username: string, override: FanoutMode.Override) {
  const account = yield* accounts.find(username)
  const client = yield* (yield* Sharding.Sharding).makeClient(Author)
  return yield* client(`${account.id}`).SetOverride({ override }).pipe(
    Effect.retry({ times: ATTEMPTS_MAX, schedule: Schedule.spaced("500 millis") }),
    Effect.timeout(CALL_LIMIT),
    Effect.mapError((cause) => new AdminError({ message: `the cluster did not take it: ${cause.message || cause._tag}` }))
  )
})

/**
 * Straight into the row, for when the actor is not within reach: a running server finds the transition in its outbox, and
 * one that starts later reads the row.
 */
export const throughStore = Effect.fnUntraced(function*(
  username: string,
  override: FanoutMode.Override,
  threshold: FanoutMode.Threshold
) {
  const account = yield* accounts.find(username)
  const authors = yield* AuthorStore
  const attempt = Effect.gen(function*() {
    const row = yield* authors.load(account.id)
    return row && (yield* authors.setMode(account.id, row.version, changeOf(row, override, threshold)))
  })
  const written = yield* attempt.pipe(Effect.repeat({ until: (result) => result !== undefined, times: ATTEMPTS_MAX }))
  if (written === undefined) return yield* new AdminError({ message: `${username} is being written to; try again` })
  return written.row
})

/** A change of side goes by way of `both`. */
const changeOf = (row: AuthorRow, override: FanoutMode.Override, threshold: FanoutMode.Threshold) => {
  const heading = FanoutMode.target(row.mode, row.heading, override, row.followers, threshold)
  return { mode: row.mode === heading ? row.mode : "both" as const, heading, override }
}
