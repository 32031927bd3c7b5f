/**
 * PostOwner: the single writer of one post. Entity id = the post's id in decimal.
 *
 * Edits and deletes; counts likes, each count committed together with its like row.
 */
import { AccountId } from "@rookery/domain/Ids"
import { MediaEdit } from "@rookery/domain/Media"
import { Post } from "@rookery/domain/Post"
import { Schema } from "effect"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { NotFound, Refused, Unavailable } from "./Errors.ts"

const PostError = Schema.Union([Unavailable, NotFound, Refused])

/** Replaces text, content warning, sensitivity and pictures; `NotFound` unless `by` wrote the post. Repeating the same edit adds nothing to the history. */
export const Edit = Rpc.make("Edit", {
  payload: {
    by: AccountId,
    text: Schema.String,
    spoiler: Schema.String,
    sensitive: Schema.Boolean,
    language: Schema.NullOr(Schema.String),
    /** Names of those mentioned, as in a draft. */
    mentions: Schema.optionalKey(Schema.Array(Schema.String)),
    /** All that the post then carries, in order; what it carries stays if left out. */
    media: Schema.optionalKey(Schema.Array(MediaEdit))
  },
  success: Post,
  error: PostError
})

/** Whether the same was asked before and its answer was lost: a post that is gone is then answered as it last was. */
const again = Schema.optionalKey(Schema.Boolean)

/** Deletes for good; answers the post as it last was. What is gone already is `NotFound`, unless it is asked `again`. */
export const Delete = Rpc.make("Delete", { payload: { by: AccountId, again }, success: Post, error: PostError })

/** The same by a moderator (null: an operator), whoever wrote the post; logged with their reason. */
export const Moderate = Rpc.make("Moderate", {
  payload: { by: Schema.NullOr(AccountId), reason: Schema.String, again },
  success: Post,
  error: PostError
})

/** Sets whether `by` likes the post; idempotent. Answers the post with its new count. */
export const SetLike = Rpc.make("SetLike", {
  payload: { by: AccountId, liked: Schema.Boolean },
  success: Post,
  error: PostError
})

export const PostOwner = Entity.make("PostOwner", [Edit, Delete, Moderate, SetLike])
  .annotate(ClusterSchema.ClientTracingEnabled, false)
