/** Pictures as rows: whose they are, what shows them, and when their objects (MediaStore.ts) may go. */
import type { AccountId, LocalNo, MediaId, PostId } from "@rookery/domain/Ids"
import type { Media, MediaEdit } from "@rookery/domain/Media"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** Pictures of one account that wait to be posted, at most; the sweeper takes them after `unusedHours`. */
export const waitingMax = 200

/** How long a picture that nothing shows is kept: a post that was deleted may be drafted anew with it. */
export const unusedHours = 24

/** How long a picture of a deleted post is still served, for who drafts it anew; another post shows it again. */
export const freedMinutes = 10

export type ProfilePicture = "avatar" | "header"

export interface NewMedia {
  readonly id: MediaId
  readonly account: AccountId
  readonly purpose: "post" | ProfilePicture
  /** Keys of everything that will be stored for it. */
  readonly objects: ReadonlyArray<string>
  /** Null for a picture of a profile. */
  readonly shown: Media | null
}

export interface OwnMedia {
  readonly media: Media
  /** Whether all its objects are there. */
  readonly isStored: boolean
  /** The post that carries it. */
  readonly postId: PostId | null
}

/** A picture that nothing shows any more. */
export interface Doomed {
  readonly id: MediaId
  readonly objects: ReadonlyArray<string>
}

export class AttachmentStore extends Context.Service<AttachmentStore, {
  /** Makes the row, before any object is stored. False when `waitingMax` wait already. */
  readonly reserve: (media: NewMedia) => Effect.Effect<boolean, StoreError>
  /** Says that its objects are there: from now on a post may carry it. False when it was taken away meanwhile. */
  readonly stored: (id: MediaId) => Effect.Effect<boolean, StoreError>
  /** A picture for posts; undefined when it is not this account's. */
  readonly mine: (account: AccountId, id: MediaId) => Effect.Effect<OwnMedia | undefined, StoreError>
  /** Whose those of some pictures are that may be served: by the owner's local number. What is about to go is left out. */
  readonly owners: (ids: ReadonlyArray<MediaId>) => Effect.Effect<ReadonlyMap<MediaId, LocalNo>, StoreError>
  /** Changes one that is in no post yet; undefined when there is none. */
  readonly describe: (
    account: AccountId,
    id: MediaId,
    change: Omit<MediaEdit, "id">
  ) => Effect.Effect<Media | undefined, StoreError>
  /** Lets those go at once that nothing shows; answers how many. */
  readonly release: (account: AccountId, ids: ReadonlyArray<MediaId>) => Effect.Effect<number, StoreError>
  /** Shows a stored picture on the profile, or none; the one before may go. False when there is no such picture of theirs. */
  readonly setPicture: (
    account: AccountId,
    which: ProfilePicture,
    picture: { readonly id: MediaId; readonly key: string } | null
  ) => Effect.Effect<boolean, StoreError>
  /** Marks what has expired, and answers it with what was marked before and not forgotten; at most `limit`. From then on nothing can show it. */
  readonly doomed: (limit: number) => Effect.Effect<ReadonlyArray<Doomed>, StoreError>
  /** Ends what was doomed, once its objects are gone. */
  readonly forget: (ids: ReadonlyArray<MediaId>) => Effect.Effect<void, StoreError>
}>()("rookery/store/AttachmentStore") {}
