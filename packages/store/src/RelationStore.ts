/**
 * What people are to each other besides following: blocks, mutes, requests to follow, and what hangs on a pair. The
 * account's UserTimeline is the only writer of the changes that windows are cut by.
 */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { AccountPage, CursorQuery, EdgeRow } from "./FollowStore.ts"
import type { StoreError } from "./StoreError.ts"

/**
 * - `Block`: ends the follows and the requests of both directions with it.
 * - `Mute`: for `millis`, or for good (null). A mute that stands takes the new terms.
 * - `Answer`: to `other`'s request to follow.
 * - `RemoveFollower`: ends `other`'s follow.
 */
export type RelationChange =
  | { readonly _tag: "Block"; readonly blocked: boolean }
  | { readonly _tag: "Mute"; readonly notifications: boolean; readonly millis: number | null }
  | { readonly _tag: "Unmute" }
  | { readonly _tag: "Answer"; readonly accepted: boolean }
  | { readonly _tag: "RemoveFollower" }

/** How one reader stands to another person after a change, as the reader's window must know it. */
export interface WindowChange {
  readonly reader: AccountId
  readonly readerNo: LocalNo
  readonly readerShard: number
  /** Version of the reader's set after the change. */
  readonly followVersion: number
  readonly other: AccountId
  readonly otherNo: LocalNo
  readonly following: boolean
  /** Blocked in either direction, or muted. */
  readonly hidden: boolean
  /** Milliseconds after which `hidden` ends by itself; null when it does not. */
  readonly hiddenMillis: number | null
}

/**
 * - `Changed`: committed; `outboxId` stands until the windows know, each edge's until its Author does.
 * - `Same`: it stood so already.
 * - `NotFound`: one of the accounts is not there, or the request to be answered is not.
 * - `Full`: over `shunnedMax`. `Stale`: another owner wrote.
 */
export type RelationResult =
  | {
    readonly _tag: "Changed"
    readonly windows: ReadonlyArray<WindowChange>
    readonly edges: ReadonlyArray<{ readonly edge: EdgeRow; readonly outboxId: bigint }>
    readonly outboxId: bigint
  }
  | { readonly _tag: "Same"; readonly windows: ReadonlyArray<WindowChange> }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Full" }
  | { readonly _tag: "Stale" }

/** Everything that one person is to another. */
export interface FullRelation {
  readonly id: AccountId
  readonly suspended: boolean
  readonly following: boolean
  readonly reblogs: boolean
  readonly notify: boolean
  readonly languages: ReadonlyArray<string> | null
  readonly followedBy: boolean
  readonly blocking: boolean
  readonly blockedBy: boolean
  readonly muting: boolean
  readonly mutingNotifications: boolean
  /** Milliseconds since 1970. */
  readonly mutingUntil: number | null
  readonly requested: boolean
  readonly requestedBy: boolean
  readonly endorsed: boolean
  readonly note: string
}

/** Bits of what keeps somebody's posts, or some of them, from a viewer; `someQuiet` stands with the viewer's own number when they mute any conversation. */
export const shunBits = { blocking: 1, blockedBy: 2, muting: 4, withoutReposts: 8, someLanguages: 16, someQuiet: 32 } as const

/** Somebody by local number, a sum of `shunBits`, and with `someLanguages` the languages that are wanted of them, as the follow has them. */
export type Shun = readonly [no: number, bits: number, languages?: ReadonlyArray<string>]

/** Whom a viewer does not want to see or may not. */
export interface ShunnedRow {
  readonly viewer: AccountId
  /** False: there are more than `shunnedMax`, and `among` must be asked for each page. */
  readonly whole: boolean
  readonly others: ReadonlyArray<Shun>
}

/** People whom one account blocks, or mutes, at most; of those who block it, so many are kept in memory. */
export const shunnedMax = 10_000

/** Lists of people, newest first. */
export type RelationList = "blocks" | "mutes" | "follow_requests" | "endorsements"

export class RelationStore extends Context.Service<RelationStore, {
  /** One transaction with its outbox rows. `followVersion` of `account` is the fence; whoever's window changes has theirs raised. */
  readonly change: (change: {
    readonly account: AccountId
    readonly other: AccountId
    readonly change: RelationChange
    readonly followVersion: number
    readonly claimMillis: number
  }) => Effect.Effect<RelationResult, StoreError>
  /** In any order; the unknown are left out. At most 1,000. */
  readonly between: (viewer: AccountId, others: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<FullRelation>, StoreError>
  /** At most 64 viewers; those without anybody are left out. */
  readonly shunned: (viewers: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<ShunnedRow>, StoreError>
  /** The same for one viewer and some people, by local number. */
  readonly among: (viewer: AccountId, others: ReadonlyArray<number>) => Effect.Effect<ShunnedRow["others"], StoreError>
  /** An empty note is none. */
  readonly setNote: (account: AccountId, target: AccountId, note: string) => Effect.Effect<void, StoreError>
  /** Only of people whom the account follows; false for others. */
  readonly setEndorsed: (account: AccountId, target: AccountId, endorsed: boolean) => Effect.Effect<boolean, StoreError>
  /** For `follow_requests` the people who ask `account`. Mutes that ran out are left out. */
  readonly list: (list: RelationList, account: AccountId, query: CursorQuery) => Effect.Effect<AccountPage, StoreError>
  /** Of those whom `viewer` follows, who follow each of `others`; `limit` for each at most. */
  readonly familiar: (
    viewer: AccountId,
    others: ReadonlyArray<AccountId>,
    limit: number
  ) => Effect.Effect<ReadonlyMap<AccountId, ReadonlyArray<AccountId>>, StoreError>
  /** Requests to follow that wait for an answer. */
  readonly requestCount: (account: AccountId) => Effect.Effect<number, StoreError>
}>()("rookery/store/RelationStore") {}
