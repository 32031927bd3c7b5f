/** The database's time as this process can know it between two answers of the lease store. */
import type { Lease } from "@rookery/domain/IdMint"
import type { Clock } from "effect"
import type { MachineLease } from "../LeaseStore.ts"

/** A moment on this process' two clocks, in milliseconds. */
interface Mark {
  readonly monotonic: number
  readonly wall: number
}

export interface LeaseClock {
  readonly mark: () => Mark
  /** The last answer: when it came, and the database's time in it. */
  answered: (Mark & { readonly database: number }) | undefined
}

/**
 * The monotonic clock stands still while the machine is suspended, the wall clock does not. When they differ by more
 * than this, in milliseconds, nothing is known of the database's time until its next answer.
 */
const suspensionMillis = 1_000

export const make = (
  clock: Pick<Clock.Clock, "monotonicTimeNanosUnsafe" | "currentTimeMillisUnsafe">
): LeaseClock => ({
  mark: () => ({
    monotonic: Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000,
    wall: clock.currentTimeMillisUnsafe()
  }),
  answered: undefined
})

/**
 * Sets the clock by an answer to what was asked at `asked`, and gives the lease in this clock's time. The answer
 * may be as old as the call took: so this clock is never ahead of the database's, and the lease ends earlier by that much.
 */
export const adopt = (self: LeaseClock, asked: Mark, lease: MachineLease): Lease => {
  const now = self.mark()
  self.answered = { ...now, database: lease.databaseNow }
  return {
    machine: lease.machine,
    startAbove: lease.startAbove,
    highWater: lease.highWater,
    expiresAt: lease.expiresAt - (now.monotonic - asked.monotonic)
  }
}

/** Milliseconds since 1970 by the database's clock; infinite, past every lease, when it is not known. */
export const now = (self: LeaseClock): number => {
  if (self.answered === undefined) return Number.POSITIVE_INFINITY
  const { monotonic, wall } = self.mark()
  const elapsed = monotonic - self.answered.monotonic
  const isSuspended = wall - self.answered.wall > elapsed + suspensionMillis
  return isSuspended ? Number.POSITIVE_INFINITY : self.answered.database + elapsed
}
