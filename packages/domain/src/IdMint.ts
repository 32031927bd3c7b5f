/**
 * Mints ids under a machine lease. Mutable, synchronous, owned by one process; a store grants the lease.
 *
 * Ids rise strictly over the mint's whole life, whatever the clock does and whichever machine is leased.
 * What keeps two holders of one machine apart is the high water, not the lease's end: a holder mints
 * above the previous holder's and never above its own.
 */
import * as Snowflake from "./Snowflake.ts"

/** All times are in milliseconds since 1970 and of the one clock that `next` is asked with. */
export interface Lease {
  readonly machine: number
  /** Ids are minted above this time: the previous holder's high water. */
  readonly startAbove: number
  /** Ids are minted up to this time, inclusive. */
  readonly highWater: number
  /** From this time on the lease cannot be proven. */
  readonly expiresAt: number
}

export interface IdMint {
  lease: Lease | undefined
  /** Time and sequence of the newest id. */
  lastMillis: number
  sequence: number
}

/**
 * Why there is no id now. `Wait`: this millisecond is used up, ask again in `millis`. `AboveHighWater`: the lease has
 * to be renewed to reach this time. `LeaseOver`: there is no lease, or it cannot be proven any more.
 */
export type Refusal =
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "AboveHighWater" }
  | { readonly _tag: "LeaseOver" }

/**
 * The longest wait asked for, in milliseconds. A clock that stands further back than this behind the newest id
 * was set back: then ids go on from the newest one, ahead of the clock, instead of standing still.
 */
export const waitMillisMax = 50

/** The last millisecond whose ids fit Postgres' `bigint`, in 2094. */
const lastMintable = Snowflake.millisOf(Snowflake.idMax)

const aboveHighWater: Refusal = { _tag: "AboveHighWater" }
const leaseOver: Refusal = { _tag: "LeaseOver" }

export const make = (): IdMint => ({
  lease: undefined,
  lastMillis: Snowflake.epochMillis,
  sequence: Snowflake.sequenceMax
})

/** Takes a renewed lease, or a new one; after a change of machine the next id is of a later millisecond. */
export const grant = (mint: IdMint, lease: Lease): void => {
  const isRenewal = mint.lease !== undefined && mint.lease.machine === lease.machine
  mint.lease = lease
  if (isRenewal) return
  mint.lastMillis = Math.max(mint.lastMillis, lease.startAbove)
  mint.sequence = Snowflake.sequenceMax
}

/** The lease is another's now: nothing is minted until the next grant. */
export const revoke = (mint: IdMint): void => {
  mint.lease = undefined
}

/** The next id, or why there is none. */
export const next = (mint: IdMint, now: number): bigint | Refusal => {
  const { lease } = mint
  if (lease === undefined || now >= lease.expiresAt) return leaseOver
  let millis = Math.max(Math.floor(now), mint.lastMillis)
  let sequence = 0
  if (millis === mint.lastMillis) {
    if (mint.sequence < Snowflake.sequenceMax) sequence = mint.sequence + 1
    else {
      const wait = millis + 1 - now
      if (wait <= waitMillisMax) return { _tag: "Wait", millis: wait }
      millis++
    }
  }
  if (millis > lease.highWater || millis > lastMintable) return aboveHighWater
  mint.lastMillis = millis
  mint.sequence = sequence
  return Snowflake.make(millis, lease.machine, sequence)
}
