/**
 * What can be searched for: posts by their words, people by their names, tags by how they begin. Posts come here a moment
 * after they are committed, from the tables that hold them: nothing here is the truth, and all of it can be made again.
 */
import type { Content } from "@rookery/domain/Content"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Condition } from "@rookery/domain/SearchQuery"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

export interface PostSearch {
  readonly conditions: ReadonlyArray<Condition>
  /** Posts that are not public are found by those who may see them. */
  readonly viewer: AccountId
  /** Both exclusive. */
  readonly above: bigint
  readonly below: bigint
  /** Whether to begin right over `above`, and go to newer ones. */
  readonly upwards: boolean
  readonly limit: number
  /** How long to go on, in milliseconds. */
  readonly millis: number
}

/** A post with the version whose words were looked at. */
export interface PostHit {
  readonly id: PostId
  readonly version: number
}

export interface PostHits {
  /** From where the search began. */
  readonly hits: ReadonlyArray<PostHit>
  /** Everything from the beginning to here was searched, this id not included. */
  readonly reached: bigint
  /** Whether that is the end: nothing is left to search. */
  readonly isWhole: boolean
}

/** What one run has done. */
export interface Indexed {
  /** Posts that were written, or written anew. */
  readonly posts: number
  /** Whether another run at once would find more. */
  readonly more: boolean
}

export class SearchStore extends Context.Service<SearchStore, {
  /** Fails only where not even the first slice of time could be searched in `millis`. */
  readonly posts: (search: PostSearch) => Effect.Effect<PostHits, StoreError>
  /** Those with all of `words` at the beginning of words of their names, most followers first; at most `limit`, of some 10,000 where more have such names. */
  readonly accounts: (words: ReadonlyArray<string>, limit: number) => Effect.Effect<ReadonlyArray<AccountId>, StoreError>
  /** The same among those whom `viewer` follows. */
  readonly followees: (
    viewer: AccountId,
    words: ReadonlyArray<string>,
    limit: number
  ) => Effect.Effect<ReadonlyArray<AccountId>, StoreError>
  /** Normalised tags that begin with `prefix`: the same first, then those with the most public posts. */
  readonly tags: (prefix: string, limit: number) => Effect.Effect<ReadonlyArray<string>, StoreError>
  /** Takes up what was published, edited and deleted since; undefined while another process does. */
  readonly index: Effect.Effect<Indexed | undefined, StoreError>
  /** Posts of a datacenter, from the id `since` on, that were taken up without their words: newest first. */
  readonly wanted: (home: number, since: bigint, limit: number) => Effect.Effect<ReadonlyArray<PostHit>, StoreError>
  /** Takes up words that their owner told; of `unknown` it has none to tell. Answers how many posts got theirs. At most 1,000. */
  readonly learn: (told: ReadonlyArray<Content>, unknown: ReadonlyArray<PostId>) => Effect.Effect<number, StoreError>
}>()("rookery/store/SearchStore") {}
