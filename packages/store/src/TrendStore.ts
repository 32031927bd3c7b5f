/** What trends now, as it was last computed; it outlives every process. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** Times are milliseconds. */
export interface TrendRules {
  /** After which a use of a tag, or a post, counts half. */
  readonly halfLifeMillis: number
  /** Accounts that use a tag, or mark a post, below which it is no trend. */
  readonly accountsMin: number
  /** How long what was computed stands: whoever comes earlier computes nothing. */
  readonly everyMillis: number
}

/** A trend at the time of its computing. */
export interface TrendingTag {
  readonly tag: string
  readonly score: number
  readonly accounts: number
}

export interface TrendingPost {
  readonly id: PostId
  readonly author: AccountId
  readonly score: number
}

export class TrendStore extends Context.Service<TrendStore, {
  /** The best first. */
  readonly tags: Effect.Effect<ReadonlyArray<TrendingTag>, StoreError>
  readonly posts: Effect.Effect<ReadonlyArray<TrendingPost>, StoreError>
  /** Computes both as of `now` (milliseconds since 1970); false when another process does, or did within `everyMillis`. */
  readonly refresh: (now: number, rules: TrendRules) => Effect.Effect<boolean, StoreError>
}>()("rookery/store/TrendStore") {}
