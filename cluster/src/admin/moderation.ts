/** Posts and reports in the hands of an operator. */
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { PostOwner } from "@rookery/protocol/PostOwner"
import { ModerationStore } from "@rookery/store/ModerationStore"
import { PostStore } from "@rookery/store/PostStore"
import { Effect } from "effect"
import { Sharding } from "effect/cluster"
import { AdminError } from "./AdminError.ts"

const CALL_LIMIT = "15 seconds"
const PAGE = 200

const idOf = (text: string): Effect.Effect<bigint, AdminError> => {
  const id = Snowflake.parse(text)
  return id === undefined ? Effect.fail(new AdminError({ message: `"${text}" is no id` })) : Effect.succeed(id)
}

/** Through the post's actor; needs a runner that serves it. */
export const deleteThroughActor = Effect.fnUntraced(function*(text: string, reason: string) {
  const id = yield* idOf(text)
  const client = yield* (yield* Sharding.Sharding).makeClient(PostOwner)
  return yield* client(`${id}`).Moderate({ by: null, reason }).pipe(
    Effect.timeout(CALL_LIMIT),
    Effect.mapError((error) =>
      new AdminError({ message: error._tag === "NotFound" ? `there is no post ${text}` : `the cluster did not take it: ${error.message || error._tag}` }))
  )
})

/** Straight from its row, for when no actor is within reach: a server that runs, or starts later, finds the rest in its outbox. */
export const deleteFromStore = Effect.fnUntraced(function*(text: string, reason: string) {
  const id = yield* idOf(text)
  const removed = yield* (yield* PostStore).remove(id as PostId, { by: null, reason })
  return removed?.post ?? (yield* new AdminError({ message: `there is no post ${text}` }))
})

/** Newest first. */
export const reports = (resolved: boolean) =>
  Effect.flatMap(ModerationStore, (moderation) =>
    moderation.reports({ resolved, reporter: undefined, target: undefined }, { before: undefined, after: undefined, limit: PAGE }))

export const resolve = Effect.fnUntraced(function*(text: string, reason: string) {
  const id = yield* idOf(text)
  const report = yield* (yield* ModerationStore).setResolved(id, true, { by: null, reason })
  return report ?? (yield* new AdminError({ message: `there is no report ${text}` }))
})
