/**
 * What reached a person, in the order in which it was committed: the truth behind `/api/x/stream`. A position is
 * taken only when no transaction below it is open any more, so that whoever reads on from one misses nothing and meets
 * nothing twice, on whatever front.
 */
import type { AccountId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** Numbers stand in positions and in `post_changes` (an `update` there is a post that came late); never reordered. */
export const arrivalKinds = { update: 1, delete: 2, edit: 3, notification: 4 } as const
export type ArrivalKind = (typeof arrivalKinds)[keyof typeof arrivalKinds]

/** Everything at or below has been seen. `millis`, since 1970, bounds how far back the rest can lie. */
export interface Position {
  readonly transaction: bigint
  readonly kind: number
  readonly id: bigint
  readonly millis: number
}

export interface Arrival {
  readonly kind: ArrivalKind
  /** Of the post, or of the notification. */
  readonly id: bigint
  readonly position: Position
}

export interface Arrivals {
  /** Oldest first. */
  readonly arrivals: ReadonlyArray<Arrival>
  /** Where to read on. */
  readonly position: Position
  /** There is more at once: the page was full. */
  readonly more: boolean
  /** Transactions are open that may still bring something; what is committed behind them waits for them. */
  readonly unsettled: boolean
}

/** A position older than this, in milliseconds, is refused: its changes of posts may be forgotten. */
export const positionAgeMax = 7 * 24 * 3_600_000

export class ArrivalStore extends Context.Service<ArrivalStore, {
  /** The position of this moment: that of the oldest open transaction, so that what is committed behind it comes too. */
  readonly now: Effect.Effect<Position, StoreError>
  /** What came after `position`, at most `limit`; undefined for a position that is too old, or not of this database. */
  readonly after: (account: AccountId, position: Position, limit: number) => Effect.Effect<Arrivals | undefined, StoreError>
}>()("rookery/store/ArrivalStore") {}
