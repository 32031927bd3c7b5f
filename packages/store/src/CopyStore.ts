/**
 * Contents of posts that another datacenter owns, as it last gave them: a cache of the datacenter, bounded in number. Each
 * read moves a copy into the future by a while; the one that stands earliest goes first, so what is read seldom goes early.
 */
import type { Content } from "@rookery/domain/Content"
import type { PostId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** The owner has no such post, or none for this datacenter. */
export type Copy = Content | "missing"

export interface CopySettings {
  /** Copies at most. */
  readonly copiesMax: number
  /** How far a read moves a copy, and how long one is kept that nobody reads; milliseconds. */
  readonly readMillis: number
  readonly idleMillis: number
  /** How long it is remembered that the owner has none, in milliseconds: a minute at most. */
  readonly missingMillis: number
}

export const defaults: CopySettings = {
  copiesMax: 500_000,
  readMillis: 600_000,
  idleMillis: 86_400_000,
  missingMillis: 60_000
}

export class CopyStore extends Context.Service<CopyStore, {
  /** What is known; the others are left out. Counts as a read of each. At most 1,000. */
  readonly get: (ids: ReadonlyArray<PostId>) => Effect.Effect<ReadonlyMap<PostId, Copy>, StoreError>
  /** Keeps contents; the newest version of each stands. At most 1,000. */
  readonly put: (contents: ReadonlyArray<Content>) => Effect.Effect<void, StoreError>
  readonly putMissing: (ids: ReadonlyArray<PostId>) => Effect.Effect<void, StoreError>
  /** Forgets all of it. At most 10,000. */
  readonly drop: (ids: ReadonlyArray<PostId>) => Effect.Effect<void, StoreError>
  readonly size: Effect.Effect<number, StoreError>
}>()("rookery/store/CopyStore") {}
