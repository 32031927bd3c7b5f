/** Rebuildable copies of windows and rings. Losing any of them costs a query, never a post. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

export interface WindowSnapshot {
  readonly followVersion: number
  readonly floor: bigint
  /** Every entitled post with an id below this, and at or above `floor`, is in `entries`; what is newer must be read again. */
  readonly completeBelow: bigint
  /** As `EntryBytes`. */
  readonly entries: Uint8Array
}

export class SnapshotStore extends Context.Service<SnapshotStore, {
  /** Replaces the snapshots of many readers; they expire by themselves. */
  readonly saveWindows: (
    snapshots: ReadonlyArray<{ readonly reader: AccountId; readonly snapshot: WindowSnapshot }>
  ) => Effect.Effect<void, StoreError>
  readonly loadWindow: (reader: AccountId) => Effect.Effect<WindowSnapshot | undefined, StoreError>
  readonly dropWindow: (reader: AccountId) => Effect.Effect<void, StoreError>
  /** The newest ids of a pulled author and the floor above which they are all. `completeBelow` as in windows. */
  readonly saveRing: (author: AccountId, ring: RingSnapshot) => Effect.Effect<void, StoreError>
  readonly loadRing: (author: AccountId) => Effect.Effect<RingSnapshot | undefined, StoreError>
  /** Fails while the store is unreachable. */
  readonly ping: Effect.Effect<void, StoreError>
}>()("rookery/store/SnapshotStore") {}

export interface RingSnapshot {
  readonly floor: bigint
  readonly completeBelow: bigint
  readonly ids: ReadonlyArray<PostId>
}
