/**
 * UserTimeline: one account as a reader. Entity id = the account's id in decimal.
 *
 * The only writer of what this account does to others: follows, blocks, mutes, answers to requests. Its window lives in the `TimelineShard` beside it,
 * which also serves the pages, many in one message.
 */
import { AccountId } from "@rookery/domain/Ids"
import { Schema } from "effect"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { NotFound, Refused, Unavailable } from "./Errors.ts"

/** Longest list of languages on a follow. */
export const languagesMax = 32

/** What a follow may be narrowed by, or widened to; what is left out stays. */
export const FollowFlags = Schema.Struct({
  reblogs: Schema.optionalKey(Schema.Boolean),
  notify: Schema.optionalKey(Schema.Boolean),
  languages: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String).check(Schema.isMaxLength(languagesMax))))
})
export type FollowFlags = typeof FollowFlags.Type

/**
 * Sets whether this account follows `followee`; idempotent. Answers after the edge is committed and
 * this account's window shows it. The followee's Author and the backfill follow from the outbox. A locked followee is
 * asked instead. `Refused` while one of the two blocks the other.
 */
export const SetFollow = Rpc.make("SetFollow", {
  payload: { followee: AccountId, following: Schema.Boolean, flags: Schema.optionalKey(FollowFlags) },
  error: Schema.Union([Unavailable, NotFound, Refused])
})

const RelationError = Schema.Union([Unavailable, NotFound, Refused])

/** Sets whether this account blocks `other`; idempotent. A block ends follows both ways, and answers when both windows show it. */
export const SetBlock = Rpc.make("SetBlock", {
  payload: { other: AccountId, blocked: Schema.Boolean },
  error: RelationError
})

/** Sets whether this account mutes `other`: their notifications too, and for `millis` or (null) for good. A mute that stands takes the new terms. */
export const SetMute = Rpc.make("SetMute", {
  payload: {
    other: AccountId,
    muted: Schema.Boolean,
    notifications: Schema.Boolean,
    millis: Schema.NullOr(Schema.Int)
  },
  error: RelationError
})

/** Accepts or rejects the request of `follower`; `NotFound` when there is none. An accepted follow is in their window before the answer. */
export const AnswerFollow = Rpc.make("AnswerFollow", {
  payload: { follower: AccountId, accepted: Schema.Boolean },
  error: RelationError
})

/** Ends the follow of `follower`; idempotent. */
export const RemoveFollower = Rpc.make("RemoveFollower", { payload: { follower: AccountId }, error: RelationError })

/** Takes up an outbox row of this account whose driver was lost. */
export const ResumeEdge = Rpc.make("ResumeEdge", { payload: { outboxId: Schema.BigInt }, error: Unavailable })

export const UserTimeline = Entity.make("UserTimeline", [
  SetFollow,
  SetBlock,
  SetMute,
  AnswerFollow,
  RemoveFollower,
  ResumeEdge
])
  .annotate(ClusterSchema.ClientTracingEnabled, false)
