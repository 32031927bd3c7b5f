/**
 * UserTimeline: one account as a reader. Entity id = the account's id in decimal.
 *
 * The only writer of this account's follow edges. Its window lives in the `TimelineShard` beside it,
 * which also serves the pages, many in one message.
 */
import { AccountId } from "@rookery/domain/Ids"
import { Schema } from "effect"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { NotFound, Refused, Unavailable } from "./Errors.ts"

/**
 * Sets whether this account follows `followee`; idempotent. Answers after the edge is committed and
 * this account's window shows it. The followee's Author and the backfill follow from the outbox.
 */
export const SetFollow = Rpc.make("SetFollow", {
  payload: { followee: AccountId, following: Schema.Boolean },
  error: Schema.Union([Unavailable, NotFound, Refused])
})

/** Takes up an outbox row of this account whose driver was lost. */
export const ResumeEdge = Rpc.make("ResumeEdge", { payload: { outboxId: Schema.BigInt }, error: Unavailable })

export const UserTimeline = Entity.make("UserTimeline", [SetFollow, ResumeEdge])
  .annotate(ClusterSchema.ClientTracingEnabled, false)
