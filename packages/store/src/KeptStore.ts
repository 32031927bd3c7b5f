/** What people keep of posts, for themselves (bookmarks, favourites) and for their visitors (pins); and how often posts are seen. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { CursorQuery } from "./FollowStore.ts"
import type { StoreError } from "./StoreError.ts"

/** A post in somebody's list, and where it stands there. */
export interface Kept {
  readonly postId: PostId
  readonly cursor: bigint
}

/** `Full`: as many are pinned as may be. `NotFound`: no such post of this author that is public or unlisted. */
export type PinResult = "Done" | "Full" | "NotFound"

export class KeptStore extends Context.Service<KeptStore, {
  /** Sets or clears a bookmark, and its count, in one transaction; answers whether that changed anything. */
  readonly setBookmark: (account: AccountId, id: PostId, wanted: boolean) => Effect.Effect<boolean, StoreError>
  readonly bookmarks: (account: AccountId, query: CursorQuery) => Effect.Effect<ReadonlyArray<Kept>, StoreError>
  readonly favourites: (account: AccountId, query: CursorQuery) => Effect.Effect<ReadonlyArray<Kept>, StoreError>
  /** Idempotent. At most `Limits.pinsMax` of an account are pinned, however many ask at once. */
  readonly setPin: (account: AccountId, id: PostId, wanted: boolean) => Effect.Effect<PinResult, StoreError>
  /** Latest first. */
  readonly pins: (account: AccountId) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** Whether the account hears of the conversation that a post is part of; idempotent. False when there is no such post. */
  readonly setConversationMuted: (account: AccountId, id: PostId, muted: boolean) => Effect.Effect<boolean, StoreError>
  /** Adds to the counts of views; at most 10,000 posts. */
  readonly addViews: (views: ReadonlyMap<PostId, number>) => Effect.Effect<void, StoreError>
  /** Views so far, 0 where nobody looked. */
  readonly views: (id: PostId) => Effect.Effect<number, StoreError>
}>()("rookery/store/KeptStore") {}
