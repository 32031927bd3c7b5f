/** Timelines as the database knows them: the plain join, which is the truth that windows are cut from. */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import type { Entry, PageQuery } from "@rookery/domain/TimelinePage"
import { Context, type Effect } from "effect"
import type { ModeRow } from "./AuthorStore.ts"
import type { StoreError } from "./StoreError.ts"

/** What a window is built from. */
export interface WindowRows {
  readonly reader: AccountId
  readonly readerNo: LocalNo
  /** Version of the follow set that was read, in the same snapshot. */
  readonly followVersion: number
  /** Accounts followed, and the reader, ascending. */
  readonly followees: Uint32Array
  /** Accounts that the reader blocks, is blocked by or mutes, ascending: none of `entries` is theirs. At most `hiddenMax`. */
  readonly hidden: Uint32Array
  /** Milliseconds until the first of the mutes ends; null when none does. */
  readonly hiddenMillis: number | null
  /** As `EntryBytes`. Everything entitled at or above `floor` and at or above the `since` asked for. */
  readonly entries: Uint8Array
  /** 0n when nothing lies below. */
  readonly floor: bigint
  /** Followed authors that are not in mode `push`. */
  readonly modes: ReadonlyArray<ModeRow>
}

/**
 * Hidden accounts that a window is told of. Whoever is blocked is followed no more, so that what is beyond this are
 * authors who are not delivered in the first place; mutes alone are fewer.
 */
export const hiddenMax = 30_000

/** One author's timeline. */
export interface AuthorQuery extends PageQuery {
  readonly excludeReplies: boolean
  readonly excludeReposts: boolean
  /** Whether followers-only posts are shown; direct ones never are. */
  readonly includePrivate: boolean
  /** Only posts with pictures; all unless set. */
  readonly onlyMedia?: boolean
}

/** A page of somebody's own timeline. */
export interface AuthorAsk {
  readonly author: AccountId
  readonly query: AuthorQuery
}

export class TimelineStore extends Context.Service<TimelineStore, {
  /**
   * Windows of many readers in one query: the newest entries of their followees and of themselves, at most
   * `entriesMax` a reader and `perAuthorMax` an author (a truncation raises the floor), not older than `since`.
   * The unknown are left out. At most 64 readers.
   */
  readonly loadWindows: (
    readers: ReadonlyArray<{ readonly reader: AccountId; readonly since: bigint }>,
    entriesMax: number,
    perAuthorMax: number
  ) => Effect.Effect<ReadonlyArray<WindowRows>, StoreError>
  /** One page of a home timeline by the join: lateral, by the index on (author, id). Newest first; short only at the true end. */
  readonly homePage: (reader: AccountId, query: PageQuery) => Effect.Effect<ReadonlyArray<Entry>, StoreError>
  /** One page of an author's own timeline, newest first. */
  readonly authorPage: (author: AccountId, query: AuthorQuery) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** The same for many, in order; `minId` must be 0. */
  readonly authorPages: (asks: ReadonlyArray<AuthorAsk>) => Effect.Effect<ReadonlyArray<ReadonlyArray<PostId>>, StoreError>
  /** The newest ids of many authors that reach followers, newest first, `limit` each, not below `since`. */
  readonly newestOf: (
    authors: ReadonlyArray<{ readonly author: AccountId; readonly since: bigint }>,
    limit: number
  ) => Effect.Effect<ReadonlyMap<AccountId, ReadonlyArray<PostId>>, StoreError>
  /** Follow version of each reader, for judging a snapshot. */
  readonly followVersions: (readers: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyMap<AccountId, number>, StoreError>
}>()("rookery/store/TimelineStore") {}
