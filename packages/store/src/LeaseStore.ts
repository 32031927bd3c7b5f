/** Leases of machine ids, for minting ids. */
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** All times in milliseconds since 1970, by the database's clock. */
export interface MachineLease {
  readonly machine: number
  readonly holder: string
  readonly expiresAt: number
  /** No id of this machine may be minted above this time. */
  readonly highWater: number
  /** The previous holder's high water: ids start above it. */
  readonly startAbove: number
  readonly databaseNow: number
}

export class LeaseStore extends Context.Service<LeaseStore, {
  /** Takes a free or expired machine of the block `first…last`; undefined when all are held. */
  readonly acquire: (
    block: { readonly first: number; readonly last: number },
    holder: string,
    leaseMillis: number,
    aheadMillis: number
  ) => Effect.Effect<MachineLease | undefined, StoreError>
  /** Extends the lease and its high water; undefined when it is no longer this holder's. */
  readonly renew: (
    machine: number,
    holder: string,
    leaseMillis: number,
    aheadMillis: number
  ) => Effect.Effect<MachineLease | undefined, StoreError>
  /** Gives the machine back; its high water stays. */
  readonly release: (machine: number, holder: string) => Effect.Effect<void, StoreError>
}>()("rookery/store/LeaseStore") {}
