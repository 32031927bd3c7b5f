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

export interface FollowerRow {
  readonly followerNo: LocalNo
  readonly shard: number
}

export class AuthorStore extends Context.Service<AuthorStore, {
  readonly load: (author: AccountId) => Effect.Effect<AuthorRow | undefined, StoreError>
  /** The follower set of this datacenter and the `edgeSequence` it is of, in one snapshot. */
  readonly followers: (author: AccountId) => Effect.Effect<
    { readonly edgeSequence: number; readonly followers: ReadonlyArray<FollowerRow> },
    StoreError
  >
  /** Writes mode, heading and override, raises the epoch and (unless `mode` is settled) leaves a `transition` outbox row; undefined when `version` is stale. */
  readonly setMode: (
    author: AccountId,
    version: number,
    change: { readonly mode: Mode; readonly heading: "push" | "pull"; readonly override: Override }
  ) => Effect.Effect<{ readonly row: AuthorRow; readonly outboxId: bigint | undefined } | undefined, StoreError>
  /** Every author that is not in mode `push`, for runners that start, and for the re-read by time. */
  readonly unpushed: Effect.Effect<ReadonlyArray<ModeRow>, StoreError>
}>()("rookery/store/AuthorStore") {}
