/**
 * ContentDesk: where the processes of one datacenter ask for contents of another's posts, so that the owner is asked once
 * however many wait. Entity id = the owner's number, `-`, and a part of the posts.
 */
import type { PostId } from "@rookery/domain/Ids"
import { Schema } from "effect"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { Unavailable } from "./Errors.ts"

/** Desks of one owner: enough to spread over runners, few enough that questions share messages. */
const partsMax = 16

export const idOf = (home: number, post: PostId): string => `${home}-${Number((post ^ (post >> 22n)) % BigInt(partsMax))}`

/** `wants` and the answer as in Contents.ts. Answers in bounded time, also when the owner does not: then all are `later`. */
export const Fetch = Rpc.make("Fetch", {
  payload: { wants: Schema.Uint8Array },
  success: Schema.Uint8Array,
  error: Unavailable
})

export const ContentDesk = Entity.make("ContentDesk", [Fetch]).annotate(ClusterSchema.ClientTracingEnabled, false)
