/** What people say of their own audience: whom their notifications may come from, how far they have read, whether they are seen online. */
import type { AccountId } from "@rookery/domain/Ids"
import type { MarkedTimeline, Verdict } from "@rookery/domain/Notification"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** What happens to notifications of strangers of each kind. */
export interface NotificationPolicy {
  readonly notFollowing: Verdict
  readonly notFollowers: Verdict
  readonly newAccounts: Verdict
  readonly privateMentions: Verdict
  readonly limitedAccounts: Verdict
}

export interface PolicySummary extends NotificationPolicy {
  readonly pendingRequests: number
  readonly pendingNotifications: number
}

/** One sender whose notifications were held back. Times are milliseconds since 1970. */
export interface NotificationRequest {
  readonly id: bigint
  readonly from: AccountId
  readonly notifications: number
  readonly lastPost: bigint | null
  readonly createdAt: number
  readonly updatedAt: number
}

export interface Marker {
  readonly timeline: MarkedTimeline
  readonly lastReadId: bigint
  /** Rises with every change. */
  readonly version: number
  readonly updatedAt: number
}

export class AudienceStore extends Context.Service<AudienceStore, {
  readonly policy: (account: AccountId) => Effect.Effect<PolicySummary, StoreError>
  /** What is left out stays. */
  readonly setPolicy: (account: AccountId, change: Partial<NotificationPolicy>) => Effect.Effect<PolicySummary, StoreError>
  /** Newest first; without the dismissed and the accepted. */
  readonly requests: (account: AccountId, query: PageQuery) => Effect.Effect<ReadonlyArray<NotificationRequest>, StoreError>
  readonly request: (account: AccountId, id: bigint) => Effect.Effect<NotificationRequest | undefined, StoreError>
  /** Lets these senders through from now on, and shows what was held back; answers how many there were. */
  readonly acceptRequests: (account: AccountId, ids: ReadonlyArray<bigint>) => Effect.Effect<number, StoreError>
  /** Puts these away with what was held back, until their senders do something more. */
  readonly dismissRequests: (account: AccountId, ids: ReadonlyArray<bigint>) => Effect.Effect<number, StoreError>
  readonly markers: (account: AccountId, timelines: ReadonlyArray<MarkedTimeline>) => Effect.Effect<ReadonlyArray<Marker>, StoreError>
  /** Markers only move up: an older position changes nothing. Answers those named, as they stand. */
  readonly setMarkers: (
    account: AccountId,
    positions: ReadonlyArray<{ readonly timeline: MarkedTimeline; readonly lastReadId: bigint }>
  ) => Effect.Effect<ReadonlyArray<Marker>, StoreError>
  readonly setPresenceShown: (account: AccountId, shown: boolean) => Effect.Effect<void, StoreError>
  readonly presenceShown: (account: AccountId) => Effect.Effect<boolean, StoreError>
  /** Those whom `account` follows, who hear of `account`, and who are not hidden: at most `limit`, latest followed first. */
  readonly presentable: (account: AccountId, limit: number) => Effect.Effect<
    ReadonlyArray<{ readonly id: AccountId; readonly no: number; readonly shard: number }>,
    StoreError
  >
}>()("rookery/store/AudienceStore") {}
