/** Posts, likes and their counts. Every write is one transaction that carries its outbox row. */
import type { Version } from "@rookery/domain/Content"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { MediaEdit } from "@rookery/domain/Media"
import type { Post, PostDraft } from "@rookery/domain/Post"
import { Context, type Effect, Schema } from "effect"
import type { AuthorRow } from "./AuthorStore.ts"
import type { CursorQuery } from "./FollowStore.ts"
import type { Act } from "./ModerationStore.ts"
import type { StoreError } from "./StoreError.ts"

/** One post to be committed by its Author. */
export interface PublishRow {
  readonly id: PostId
  readonly author: AccountId
  /**
   * Version of the author row that the actor knows, and that all of this author's rows in the batch share. Undefined for
   * an actor that does not know the row yet: it commits on the version that it would have read at this moment.
   */
  readonly version: number | undefined
  readonly requestKey: string
  readonly draft: PostDraft
  /** Names the driver of the outbox row until `claimMillis` have passed. */
  readonly claimMillis: number
}

/**
 * - `Published`: committed now; `author` is the row as it then is.
 * - `Repeated`: the key was used before; `post` is what it made then (or the wrapper that existed); nothing was written.
 * - `Stale`: another owner wrote the author row; nothing was written.
 * - `NotFound`: the post replied to, or reposted, is gone; nothing was written.
 * - `Unknown`: there is no such author, or it is disabled.
 * - `NoMedia`: a picture is not the author's, not stored, or in another post; nothing was written.
 */
export type PublishResult =
  | { readonly _tag: "Published"; readonly post: Post; readonly author: AuthorRow; readonly outboxId: bigint }
  | { readonly _tag: "Repeated"; readonly post: Post }
  | { readonly _tag: "Stale" }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "NoMedia" }

/** One change of a post by its owner. */
export interface EditChange {
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  readonly language: string | null
  /** Names, as in a draft. */
  readonly mentions?: ReadonlyArray<string>
  /** All that it then carries, each once, in order; what it carries stays if left out. */
  readonly media?: ReadonlyArray<MediaEdit>
}

/** A picture that a post should carry is not its author's, not stored, or in another post; nothing was written. */
export class NoMedia extends Schema.TaggedError<NoMedia>()("NoMedia", {}) {}

/** One like set or cleared. */
export interface LikeChange {
  readonly postId: PostId
  readonly account: AccountId
  readonly liked: boolean
}

/** An earlier text of an edited post, oldest first; the current one is last. */
export type PostEdit = Version

/** What one person did with one post. */
export interface Mark {
  readonly viewer: AccountId
  readonly postId: PostId
  readonly liked: boolean
  readonly reposted: boolean
  readonly bookmarked: boolean
  /** The conversation that the post is part of. */
  readonly muted: boolean
}

/** Somebody who likes or reposts a post, and where they stand in the list. */
export interface Marker {
  readonly id: AccountId
  readonly cursor: bigint
}

export class PostStore extends Context.Service<PostStore, {
  /**
   * Commits many posts of many authors in one transaction, in one round trip where it can; answers in
   * order. One author's failure leaves the others' rows in. At most 512 rows.
   */
  readonly publish: (rows: ReadonlyArray<PublishRow>) => Effect.Effect<ReadonlyArray<PublishResult>, StoreError>
  /** Undeleted posts by id with their counts, in any order; the missing are left out. At most 1,000. */
  readonly byIds: (ids: ReadonlyArray<PostId>) => Effect.Effect<ReadonlyArray<Post>, StoreError>
  /** Those of `ids` that were deleted, for a caller that must tell gone from never there. */
  readonly deletedAmong: (ids: ReadonlyArray<PostId>) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** Commits an edit with its history and outbox row when `version` still is the post's; undefined when it is not. */
  readonly edit: (id: PostId, version: number, change: EditChange) => Effect.Effect<
    { readonly post: Post; readonly outboxId: bigint } | undefined,
    StoreError | NoMedia
  >
  /**
   * Sets the tombstone, adjusts the counts that the post was part of, writes the outbox row; undefined when it is deleted already.
   * With `act` it is a moderator who deletes, which is logged with it.
   */
  readonly remove: (id: PostId, act?: Act) => Effect.Effect<{ readonly post: Post; readonly outboxId: bigint } | undefined, StoreError>
  /** A deleted post as it last was, for as long as its tombstone has its words; undefined for one that stands or never was. */
  readonly deleted: (id: PostId) => Effect.Effect<Post | undefined, StoreError>
  /** Sets and clears likes of any posts, with their counts, in one transaction; answers the counts, without posts that are gone. At most 1,000. */
  readonly setLikes: (changes: ReadonlyArray<LikeChange>) => Effect.Effect<ReadonlyMap<PostId, number>, StoreError>
  /** The wrapper by which `account` reposts `id`. */
  readonly repostBy: (account: AccountId, id: PostId) => Effect.Effect<PostId | undefined, StoreError>
  /** What each viewer did with each post; pairs without a mark are left out. At most 2,000 pairs. */
  readonly marks: (
    pairs: ReadonlyArray<{ readonly viewer: AccountId; readonly postId: PostId }>
  ) => Effect.Effect<ReadonlyArray<Mark>, StoreError>
  readonly history: (id: PostId) => Effect.Effect<ReadonlyArray<PostEdit>, StoreError>
  /** Ids upwards through `replyTo`, nearest last; at most `limit`. */
  readonly ancestors: (id: PostId, limit: number) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** Ids of all replies below, oldest first; at most `limit`. */
  readonly descendants: (id: PostId, limit: number) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** Who likes the post, latest first. */
  readonly likedBy: (id: PostId, query: CursorQuery) => Effect.Effect<ReadonlyArray<Marker>, StoreError>
  readonly repostedBy: (id: PostId, query: CursorQuery) => Effect.Effect<ReadonlyArray<Marker>, StoreError>
}>()("rookery/store/PostStore") {}
