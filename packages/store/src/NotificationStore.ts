/** What people were told. The rows are made by the statements that cause them (postgres/notices.ts), never through here. */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import type { NotificationKind } from "@rookery/domain/Notification"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** Times are milliseconds since 1970. */
export interface NotificationRow {
  readonly id: bigint
  readonly account: AccountId
  readonly kind: NotificationKind
  readonly from: AccountId
  readonly fromNo: LocalNo
  /** The post that it is about. */
  readonly object: PostId | null
  readonly groupKey: string
  readonly createdAt: number
}

/** Which of a person's notifications. Dismissed ones, and those of people whom they do not hear, never are. */
export interface NotificationFilter {
  readonly kinds: ReadonlyArray<NotificationKind>
  readonly from: AccountId | undefined
  /** Also those that the policy held back. */
  readonly includeFiltered: boolean
}

/** Several notifications shown as one, as far as they lie on the page. */
export interface NotificationGroup {
  readonly groupKey: string
  readonly kind: NotificationKind
  readonly object: PostId | null
  /** Of the whole group. */
  readonly newestId: bigint
  readonly count: number
  /** Newest first, at most `samplesMax`. */
  readonly sample: ReadonlyArray<AccountId>
  readonly pageMinId: bigint
  readonly pageMaxId: bigint
  readonly pageNewestAt: number
}

export const samplesMax = 8

export class NotificationStore extends Context.Service<NotificationStore, {
  /** Newest first; short only at the true end. */
  readonly page: (account: AccountId, filter: NotificationFilter, query: PageQuery) => Effect.Effect<
    ReadonlyArray<NotificationRow>,
    StoreError
  >
  /** Groups by their newest notification on the page, newest first; kinds outside of `grouped` stand alone. */
  readonly groups: (
    account: AccountId,
    filter: NotificationFilter,
    query: PageQuery,
    grouped: ReadonlyArray<NotificationKind>
  ) => Effect.Effect<ReadonlyArray<NotificationGroup>, StoreError>
  readonly group: (account: AccountId, groupKey: string) => Effect.Effect<NotificationGroup | undefined, StoreError>
  /** Whom a group is from, newest first. */
  readonly groupAccounts: (account: AccountId, groupKey: string, limit: number) => Effect.Effect<
    ReadonlyArray<AccountId>,
    StoreError
  >
  readonly one: (account: AccountId, id: bigint) => Effect.Effect<NotificationRow | undefined, StoreError>
  /** Many people's at once, in any order; the gone are left out. At most 1,000. */
  readonly byIds: (pairs: ReadonlyArray<{ readonly account: AccountId; readonly id: bigint }>) => Effect.Effect<
    ReadonlyArray<NotificationRow>,
    StoreError
  >
  /** False when there is none of that id. A dismissed one stays hidden until its cause is undone. */
  readonly dismiss: (account: AccountId, id: bigint) => Effect.Effect<boolean, StoreError>
  readonly dismissGroup: (account: AccountId, groupKey: string) => Effect.Effect<boolean, StoreError>
  readonly clear: (account: AccountId) => Effect.Effect<void, StoreError>
  /** How many stand above the person's marker, `limit` at most. */
  readonly unread: (account: AccountId, filter: NotificationFilter, limit: number) => Effect.Effect<number, StoreError>
  readonly unreadGroups: (
    account: AccountId,
    filter: NotificationFilter,
    grouped: ReadonlyArray<NotificationKind>,
    limit: number
  ) => Effect.Effect<number, StoreError>
}>()("rookery/store/NotificationStore") {}
