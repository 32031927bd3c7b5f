/** Follow edges. The follower's UserTimeline is their only writer. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

export interface EdgeRow {
  readonly follower: AccountId
  readonly followerNo: LocalNo
  readonly followerShard: number
  readonly followee: AccountId
  readonly followeeNo: LocalNo
  readonly active: boolean
  /** Version of the pair; rises with every change. */
  readonly version: number
  /** Place among the changes of the followee's follower set. */
  readonly sequence: number
  /** The follower's follow-set version after the change. */
  readonly followVersion: number
}

/**
 * - `Changed`: committed with its outbox row.
 * - `Same`: it stood so already; `edge` is as it is.
 * - `Requested`: the followee is locked; the request stands until it is answered.
 * - `NotFound`: one of the accounts is not there, or disabled. `Full`: over `followeesMax`. `Stale`: another owner wrote.
 * - `Blocked`: one of them blocks the other.
 */
export type FollowResult =
  | { readonly _tag: "Changed"; readonly edge: EdgeRow; readonly outboxId: bigint }
  | { readonly _tag: "Same"; readonly followVersion: number }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Full" }
  | { readonly _tag: "Requested" }
  | { readonly _tag: "Blocked" }
  | { readonly _tag: "Stale" }

/** What a follower may choose; what is left out stays as it is, or is the default of a new follow. */
export interface FollowFlags {
  readonly reblogs?: boolean | undefined
  readonly notify?: boolean | undefined
  /** Null is every language. */
  readonly languages?: ReadonlyArray<string> | null | undefined
}

export interface RelationRow {
  readonly id: AccountId
  readonly following: boolean
  readonly followedBy: boolean
}

export interface AccountPage {
  /** In order; `cursor` pages on. */
  readonly accounts: ReadonlyArray<{ readonly id: AccountId; readonly cursor: bigint }>
}

export class FollowStore extends Context.Service<FollowStore, {
  /** The reader row's follow version, which is also its fence. Undefined for an unknown account. */
  readonly reader: (account: AccountId) => Effect.Effect<{ readonly followVersion: number; readonly no: LocalNo } | undefined, StoreError>
  /**
   * One edge, both counters, both versions and the outbox row, in one transaction. `followVersion` is the fence. Ending a
   * follow ends the request too; flags are also set on an edge, or request, that stands.
   */
  readonly set: (change: {
    readonly follower: AccountId
    readonly followee: AccountId
    readonly following: boolean
    readonly flags?: FollowFlags
    readonly followVersion: number
    readonly claimMillis: number
  }) => Effect.Effect<FollowResult, StoreError>
  readonly relations: (viewer: AccountId, others: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<RelationRow>, StoreError>
  /** Newest edge first; `before` and `after` are exclusive cursors. */
  readonly followers: (account: AccountId, query: CursorQuery) => Effect.Effect<AccountPage, StoreError>
  readonly following: (account: AccountId, query: CursorQuery) => Effect.Effect<AccountPage, StoreError>
}>()("rookery/store/FollowStore") {}

export interface CursorQuery {
  readonly before: bigint | undefined
  readonly after: bigint | undefined
  readonly limit: number
}
