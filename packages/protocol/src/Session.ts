/**
 * Session: the live connections of one person. Entity id = the account's id in decimal.
 *
 * Connections are rows of a table that the runner keeps for each shard; events leave through the
 * one stream that a front holds to each shard (`TimelineShard.Events`), so a connected person costs a
 * table row and no resident entity.
 */
import { LocalNo } from "@rookery/domain/Ids"
import { Schema } from "effect"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { Unavailable } from "./Errors.ts"

/**
 * A person has at least one connection on `front`: events of what is published from the answer on are sent. Idempotent;
 * forgotten when the front's event stream ends.
 */
export const Connect = Rpc.make("Connect", { payload: { accountNo: LocalNo, front: Schema.String }, error: Unavailable })

/** The person's last connection on `front` closed. Idempotent. */
export const Disconnect = Rpc.make("Disconnect", {
  payload: { accountNo: LocalNo, front: Schema.String },
  error: Unavailable
})

/** Whether the person is connected anywhere in this datacenter. */
export const Presence = Rpc.make("Presence", {
  payload: { accountNo: LocalNo },
  success: Schema.Struct({ online: Schema.Boolean, fronts: Schema.Int }),
  error: Unavailable
})

export const Session = Entity.make("Session", [Connect, Disconnect, Presence])
  .annotate(ClusterSchema.ClientTracingEnabled, false)
