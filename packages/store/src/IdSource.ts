/** The port through which everything gets its ids. */
import { Context, type Effect, Schema } from "effect"

/**
 * No id could be minted in time; nothing was changed, and the same may be asked again.
 * `blockFull`: every machine of the datacenter's block is leased. `leaseUnproven`: the store of leases does not answer.
 */
export class IdsUnavailable extends Schema.TaggedError<IdsUnavailable>()("IdsUnavailable", {
  reason: Schema.Literals(["blockFull", "leaseUnproven"])
}) {}

/** Ids that one call may ask for, at most; more is a defect. */
export const idsPerCallMax = 100_000

export class IdSource extends Context.Service<IdSource, {
  /** An id above every id that this process minted before. Waits a few seconds at most. */
  readonly mint: Effect.Effect<bigint, IdsUnavailable>
  /** `count` ids, rising; others may be minted between them. */
  readonly mintMany: (count: number) => Effect.Effect<Array<bigint>, IdsUnavailable>
}>()("rookery/store/IdSource") {}
