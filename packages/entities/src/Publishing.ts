/** Decides and commits a post; everything else follows from its outbox row. */
import type { PostDraft } from "@rookery/domain/Post"
import { NotFound, Refused, Unavailable } from "@rookery/protocol/Errors"
import type { PublishResult } from "@rookery/store/PostStore"
import { Effect } from "effect"
import * as AuthorState from "./AuthorState.ts"
import type { PublishGroup } from "./PublishGroup.ts"

/** How often a commit that met another owner's write is tried on the reloaded row. */
const staleMax = 5

export const noMedia = "Validation failed: Media attachments must be yours, processed, and in no other post"

export type Committed = Extract<PublishResult, { readonly _tag: "Published" | "Repeated" }>

/**
 * Commits the draft once for its key, on a row version that holds. An actor that has just woken knows none: the commit reads the row
 * itself, which spares nearly every post a question of its own, since most people post rarely.
 */
export const commit = (
  state: AuthorState.AuthorState,
  group: PublishGroup,
  requestKey: string,
  draft: PostDraft
): Effect.Effect<Committed, Unavailable | NotFound | Refused> => {
  const attempt = Effect.suspend(() => {
    const generation = state.source.generation()
    return group.publish({
      author: state.account,
      requestKey,
      draft,
      version: () => AuthorState.versionOf(state),
      onRow: (row) => AuthorState.learn(state, row, generation)
    })
  })
  const reload = Effect.sync(() => {
    state.row = undefined
  })
  return attempt.pipe(
    // Whether a commit that failed happened is unknown, and with it the version.
    Effect.tapError(() => reload),
    Effect.tap((result) => (result._tag === "Stale" ? reload : Effect.void)),
    Effect.repeat({ while: (result) => result._tag === "Stale", times: staleMax }),
    Effect.mapError((error) => (error instanceof NotFound ? error : new Unavailable({ reason: String(error) }))),
    Effect.flatMap(judge)
  )
}

const judge = (result: PublishResult): Effect.Effect<Committed, Unavailable | NotFound | Refused> => {
  switch (result._tag) {
    case "Published":
    case "Repeated":
      return Effect.succeed(result)
    case "Stale":
      return Effect.fail(new Unavailable({ reason: "another owner is writing" }))
    case "NotFound":
      return Effect.fail(new NotFound({ what: "the post replied to or reposted" }))
    case "Unknown":
      return Effect.fail(new Refused({ reason: "the account is not there or is disabled" }))
    case "NoMedia":
      return Effect.fail(new Refused({ reason: noMedia }))
  }
}
