/**
 * What is still to be done after a commit. A row is written in the commit's transaction, is claimed by
 * state (`SKIP LOCKED`), and is deleted when done; whoever dies with a claim loses it when it runs out, or is ended.
 */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { EdgeRow } from "./FollowStore.ts"
import type { WindowChange } from "./RelationStore.ts"
import type { StoreError } from "./StoreError.ts"

/** `owner` is the account whose actor drives the row. */
export type OutboxTask =
  | { readonly _tag: "Fanout"; readonly postId: PostId; readonly replyTo: PostId | null; readonly repostOf: PostId | null; readonly visibility: number }
  /** What it answered and wrapped has other counters. */
  | { readonly _tag: "Removed"; readonly postId: PostId; readonly replyTo: PostId | null; readonly repostOf: PostId | null }
  | { readonly _tag: "Edited"; readonly postId: PostId }
  | { readonly _tag: "Edge"; readonly edge: EdgeRow }
  | { readonly _tag: "Transition"; readonly epoch: number }
  /** The owner and another person block, mute or hear each other differently: windows are to be told. */
  | { readonly _tag: "Relation"; readonly windows: ReadonlyArray<WindowChange> }
  /** The owner was suspended, or is so no more: the fronts are told. */
  | { readonly _tag: "Account" }
  /** The owner is locked no more: requests to follow that wait are accepted. */
  | { readonly _tag: "Unlocked" }
  /** The owner has new notifications, to be shown to those of their streams that are open. */
  | { readonly _tag: "Notify"; readonly accountNo: LocalNo; readonly shard: number; readonly ids: ReadonlyArray<bigint> }

export interface OutboxRow {
  readonly id: bigint
  readonly owner: AccountId
  readonly task: OutboxTask
  /** Shards that are done already, as a bitmap: bit `shard & 7` of byte `shard >> 3`. Empty at first. */
  readonly progress: Uint8Array
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** Which shards of a row are done. */
export type Progress = Pick<OutboxRow, "id" | "progress">

/** How long a row rests that could not be carried out, in milliseconds: at first, and at most. */
export interface RetryWait {
  readonly firstMillis: number
  readonly mostMillis: number
}

export class OutboxStore extends Context.Service<OutboxStore, {
  /**
   * Claims up to `limit` rows that nobody holds, in order, for `claimMillis`: half of them the oldest, half the newest, so that what
   * is new does not wait behind a backlog.
   */
  readonly claim: (limit: number, claimMillis: number) => Effect.Effect<ReadonlyArray<OutboxRow>, StoreError>
  /** The same for rows of notices alone, which nobody drives from the start. */
  readonly claimNotices: (limit: number, claimMillis: number) => Effect.Effect<ReadonlyArray<OutboxRow>, StoreError>
  /** Rows that this caller was asked to drive, in the order of the ids, of which there are 1,000 at most; renews the claims. Undefined for those that are done. */
  readonly take: (ids: ReadonlyArray<bigint>, claimMillis: number) => Effect.Effect<ReadonlyArray<OutboxRow | undefined>, StoreError>
  /** Ends the claims on rows whose owners live in these shards; notices aside, which anybody carries. */
  readonly endClaims: (shards: ReadonlyArray<number>) => Effect.Effect<void, StoreError>
  /** Writes progress and renews the claims. At most 512. */
  readonly progress: (rows: ReadonlyArray<Progress>, claimMillis: number) => Effect.Effect<void, StoreError>
  /**
   * Writes progress of rows that could not be carried out and lets go of them: each is free to be claimed after `wait.firstMillis`, which
   * double with each time that it was claimed before, up to `wait.mostMillis`. At most 512.
   */
  readonly giveBack: (rows: ReadonlyArray<Progress>, wait: RetryWait) => Effect.Effect<void, StoreError>
  /** Deletes rows that are done. At most 10,000. */
  readonly done: (ids: ReadonlyArray<bigint>) => Effect.Effect<void, StoreError>
  /** Rows not done, the age of the oldest in milliseconds, and the lowest post id whose fan-out is not done. */
  readonly backlog: Effect.Effect<
    { readonly rows: number; readonly oldestMillis: number; readonly lowestFanout: PostId | undefined },
    StoreError
  >
}>()("rookery/store/OutboxStore") {}
