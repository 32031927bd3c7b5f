/** Timelines of topics (domain/Topics.ts) as the database knows them: what rings are cut from, and pages below them. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"
import type { AuthorQuery } from "./TimelineStore.ts"

/** A page of posts with pictures only, or of all; of this datacenter's, of the others', or of both. */
export interface TopicPage extends PageQuery {
  readonly onlyMedia?: boolean
  readonly origin?: "own" | "others" | undefined
}

/** Normalised tags: a post has one of `any`, each of `all` and none of `none`. */
export interface TagQuery extends TopicPage {
  readonly any: ReadonlyArray<string>
  readonly all: ReadonlyArray<string>
  readonly none: ReadonlyArray<string>
}

/** Public posts of one day with a tag. */
export interface TagDay {
  /** Midnight UTC, in milliseconds since 1970. */
  readonly day: number
  readonly uses: number
  readonly accounts: number
}

export class TopicStore extends Context.Service<TopicStore, {
  /** One page of a topic, newest first; shorter than its limit only at the true end. */
  readonly page: (topic: string, query: TopicPage) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** The same of several tags together. */
  readonly tagged: (query: TagQuery) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** An author's posts with a tag. */
  readonly authorTagged: (author: AccountId, tag: string, query: AuthorQuery) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** The last seven days of each tag, today first; of a tag that is used beyond measure, the newest 100,000 posts. At most 100 tags. */
  readonly usages: (tags: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, ReadonlyArray<TagDay>>, StoreError>
}>()("rookery/store/TopicStore") {}
