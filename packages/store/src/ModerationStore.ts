/**
 * Reports, suspensions, and the log of what moderators did. Whatever is done is logged in the transaction that does it.
 * A suspended account is one whose `disabledAt` is set (AccountStore.ts): nothing of it is changed or deleted, the rules of
 * reading leave it out, and everything is back when it is cleared.
 */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { ModerationAction, ReportCategory } from "@rookery/domain/Moderation"
import { Context, type Effect } from "effect"
import type { CursorQuery } from "./FollowStore.ts"
import type { StoreError } from "./StoreError.ts"

/** Who acts, and why. Null is an operator at the terminal. */
export interface Act {
  readonly by: AccountId | null
  readonly reason: string
}

export interface NewReport {
  readonly reporter: AccountId
  readonly target: AccountId
  readonly category: ReportCategory
  readonly comment: string
  readonly posts: ReadonlyArray<PostId>
}

/** Times are milliseconds since 1970. */
export interface Report extends Omit<NewReport, "reporter"> {
  readonly id: bigint
  /** Null when their account is gone. */
  readonly reporter: AccountId | null
  readonly createdAt: number
  readonly resolvedAt: number | null
  readonly resolvedBy: AccountId | null
}

export interface ReportFilter {
  readonly resolved: boolean
  readonly target: AccountId | undefined
  readonly reporter: AccountId | undefined
}

/** What only moderators know of an account. */
export interface ModeratedAccount {
  readonly id: AccountId
  readonly email: string | null
  readonly openReports: number
}

export interface LogEntry {
  readonly id: bigint
  readonly at: number
  readonly by: AccountId | null
  readonly action: ModerationAction
  readonly account: AccountId
  readonly post: PostId | null
  readonly report: bigint | null
  readonly reason: string
}

/** `Same`: it stood so already, and nothing was logged. */
export type SuspensionResult = "Changed" | "Same" | "NotFound"

export class ModerationStore extends Context.Service<ModerationStore, {
  /** Undefined when the reporter has `openReportsMax` open ones. */
  readonly report: (report: NewReport) => Effect.Effect<Report | undefined, StoreError>
  /** Newest first. */
  readonly reports: (filter: ReportFilter, query: CursorQuery) => Effect.Effect<ReadonlyArray<Report>, StoreError>
  readonly reportById: (id: bigint) => Effect.Effect<Report | undefined, StoreError>
  /** Idempotent; answers the report as it stands then, undefined when there is none. */
  readonly setResolved: (id: bigint, resolved: boolean, act: Act) => Effect.Effect<Report | undefined, StoreError>
  /**
   * Suspends the account or ends its suspension, and leaves an outbox row by which every front is told (again) soon; whoever
   * calls tells them at once.
   */
  readonly setSuspended: (account: AccountId, suspended: boolean, act: Act) => Effect.Effect<SuspensionResult, StoreError>
  /** Newest account first; suspended ones, others, or all. */
  readonly accounts: (suspended: boolean | undefined, query: CursorQuery) => Effect.Effect<
    ReadonlyArray<ModeratedAccount>,
    StoreError
  >
  readonly account: (id: AccountId) => Effect.Effect<ModeratedAccount | undefined, StoreError>
  /** Newest first; of one account, or of all. */
  readonly log: (account: AccountId | undefined, query: CursorQuery) => Effect.Effect<ReadonlyArray<LogEntry>, StoreError>
}>()("rookery/store/ModerationStore") {}
