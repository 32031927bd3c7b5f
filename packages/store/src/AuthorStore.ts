/** What an Author actor keeps beyond its posts: mode, follower set, fence. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import type { Mode, Override } from "@rookery/domain/FanoutMode"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

export interface ModeRow {
  readonly author: AccountId
  readonly authorNo: LocalNo
  readonly mode: Mode
  readonly epoch: number
}

export interface AuthorRow extends ModeRow {
  /** The fence: every commit of the actor names the version that it knows. */
  readonly version: number
  readonly override: Override
  /** Which side a transition (`both`) is going to. */
  readonly heading: "push" | "pull"
  /** Sequence of the newest change of the follower set. */
  readonly edgeSequence: number
  readonly followers: number
}

/** Somebody's followers and the `edgeSequence` they are of, in one snapshot. */
export interface FollowerRows {
  readonly author: AccountId
  readonly edgeSequence: number
  /** Local numbers, and beside each the shard that it lives on; in any order. */
  readonly numbers: Uint32Array
  readonly shards: Uint16Array
}

export class AuthorStore extends Context.Service<AuthorStore, {
  readonly load: (author: AccountId) => Effect.Effect<AuthorRow | undefined, StoreError>
  /** The same for many; in no order, without the unknown. */
  readonly loadMany: (authors: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<AuthorRow>, StoreError>
  /** The follower sets of this datacenter of some authors; in no order, without the unknown. */
  readonly followersOf: (authors: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<FollowerRows>, StoreError>
  /** Writes mode, heading and override, raises the epoch and (unless `mode` is settled) leaves a `transition` outbox row; undefined when `version` is stale. */
  readonly setMode: (
    author: AccountId,
    version: number,
    change: { readonly mode: Mode; readonly heading: "push" | "pull"; readonly override: Override }
  ) => Effect.Effect<{ readonly row: AuthorRow; readonly outboxId: bigint | undefined } | undefined, StoreError>
  /** Every author that is not in mode `push`, for runners that start, and for the re-read by time. */
  readonly unpushed: Effect.Effect<ReadonlyArray<ModeRow>, StoreError>
  /** Rises with every batch of rows that is imported past the actors, in the order of their commits. */
  readonly importMark: Effect.Effect<bigint, StoreError>
}>()("rookery/store/AuthorStore") {}
