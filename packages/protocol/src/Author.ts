/**
 * Author: one account as a writer. Entity id = the account's id in decimal.
 *
 * Publishes, keeps the follower set of this datacenter and drives fan-out.
 */
import { AccountId, LocalNo } from "@rookery/domain/Ids"
import { Post, PostDraft } from "@rookery/domain/Post"
import { Schema } from "effect"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { NotFound, Refused, Unavailable } from "./Errors.ts"

/** Longest request key that a caller may choose, in characters. */
export const requestKeyMax = 200

export const RequestKey = Schema.String.check(Schema.isBetweenLength(1, requestKeyMax))

/** Publishes. A repeat with the same key is answered with the first result. For a wrapper (`repostOf`) that exists already, answers the existing one. */
export const Publish = Rpc.make("Publish", {
  payload: { requestKey: RequestKey, draft: PostDraft },
  success: Post,
  error: Schema.Union([Unavailable, NotFound, Refused])
})

/** One change of this author's follower set, as committed by the follower's UserTimeline. */
export const Edge = Schema.Struct({
  follower: AccountId,
  followerNo: LocalNo,
  followerShard: Schema.Int,
  /** Place of this change among all changes of the author's followers; a gap makes the author reload. */
  sequence: Schema.Int,
  active: Schema.Boolean
})
export type Edge = typeof Edge.Type

/** Mode of an author, as readers need it. */
export const ModeRow = Schema.Struct({
  author: AccountId,
  authorNo: LocalNo,
  mode: Schema.Literals(["push", "both", "pull"]),
  /** Rises with every change; an older epoch never replaces a newer one. */
  epoch: Schema.Int
})
export type ModeRow = typeof ModeRow.Type

/** Takes an edge into the follower set; repeats and reordering are harmless. Answers the mode to read this author by. */
export const ApplyEdge = Rpc.make("ApplyEdge", { payload: { edge: Edge }, success: ModeRow, error: Unavailable })

/** Sets the by-hand override and starts the transition that it asks for; answers at once with the row as it then is. */
export const SetOverride = Rpc.make("SetOverride", {
  payload: { override: Schema.Literals(["auto", "push", "pull"]) },
  success: ModeRow,
  error: Unavailable
})

/** Takes up an outbox row of this author whose driver was lost. Answers when it is done. */
export const Resume = Rpc.make("Resume", {
  payload: { outboxId: Schema.BigInt },
  error: Unavailable
})

/** What the author actor holds, for operators and benches. */
export const Describe = Rpc.make("Describe", {
  success: Schema.Struct({ mode: ModeRow, followers: Schema.Int, followerBytes: Schema.Int, backlog: Schema.Int }),
  error: Unavailable
})

export const Author = Entity.make("Author", [Publish, ApplyEdge, SetOverride, Resume, Describe])
  .annotate(ClusterSchema.ClientTracingEnabled, false)
