/**
 * What is the same for all who look around: names and tags that were searched for, how tags are used, and what trends.
 * Each is fetched once however many ask, kept for moments, and bounded in bytes; who may see what of it is decided
 * behind, for each viewer.
 */
import type { AccountId } from "@rookery/domain/Ids"
import type { SearchStore } from "@rookery/store/SearchStore"
import type { StoreError } from "@rookery/store/StoreError"
import type { TagDay, TopicStore } from "@rookery/store/TopicStore"
import type { TrendStore } from "@rookery/store/TrendStore"
import { Effect } from "effect"
import * as Tag from "../render/Tag.ts"
import type { FrontSettings } from "../Settings.ts"
import * as FillCache from "./FillCache.ts"

/** People and tags that one search finds at most: pages are cut from these. */
export const foundMax = 500

export interface Discovery {
  /** Those whose names begin so (`SearchText.namesOf`), most followers first. */
  readonly accounts: (words: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<AccountId>, StoreError>
  /** Normalised tags with the prefix, the most used first. */
  readonly tags: (prefix: string) => Effect.Effect<ReadonlyArray<string>, StoreError>
  /** `Tag` entities, in order. */
  readonly tagEntities: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Tag.Tag>, StoreError>
  /** The best first. */
  readonly trendingTags: Effect.Effect<ReadonlyArray<string>, StoreError>
  readonly trendingPosts: Effect.Effect<ReadonlyArray<bigint>, StoreError>
}

interface Stores {
  readonly search: SearchStore["Service"]
  readonly topics: TopicStore["Service"]
  readonly trends: TrendStore["Service"]
}

type Limits = FrontSettings["limits"]

/** Of all searches together, and of tags' days. */
const bytesMax = 16 * 1024 * 1024
const loadsMax = 4
const tagsPerQuery = 50

/** Keys one by one: each is a query of its own. */
const single = <V>(
  millis: number,
  sizeOf: (value: V) => number,
  load: (key: string) => Effect.Effect<V, StoreError>
): Effect.Effect<(key: string) => Effect.Effect<V, StoreError>> =>
  Effect.map(
    FillCache.make<string, V>({
      bytesMax,
      sizeOf,
      millis,
      missingMillis: () => 0,
      batchMax: 1,
      loadsMax,
      load: ([key]) => Effect.map(load(key!), (value) => new Map([[key!, value]]))
    }),
    (cache) => (key) => Effect.map(cache.all([key]), ([value]) => value!)
  )

const listBytes = (list: ReadonlyArray<unknown>): number => 64 + list.length * 48

const makeDays = (topics: TopicStore["Service"], millis: number) =>
  FillCache.make<string, ReadonlyArray<TagDay>>({
    bytesMax,
    sizeOf: listBytes,
    millis,
    missingMillis: () => 0,
    batchMax: tagsPerQuery,
    loadsMax,
    load: topics.usages
  })

export const make = ({ search, topics, trends }: Stores, publicUrl: string, limits: Limits): Effect.Effect<Discovery> =>
  Effect.gen(function*() {
    const accounts = yield* single(limits.searchCacheMillis, listBytes, (words) => search.accounts(words.split(" "), foundMax))
    const tags = yield* single(limits.searchCacheMillis, listBytes, (prefix) => search.tags(prefix, foundMax))
    const days = yield* makeDays(topics, limits.tagDaysMillis)
    const tagTrends = yield* single(limits.trendsCacheMillis, listBytes, () => Effect.map(trends.tags, (all) => all.map(({ tag }) => tag)))
    const postTrends = yield* single(limits.trendsCacheMillis, listBytes, () =>
      Effect.map(trends.posts, (all): ReadonlyArray<bigint> => all.map(({ id }) => id)))
    return {
      accounts: (words) => words.length === 0 ? Effect.succeed([]) : accounts(words.join(" ")),
      tags: (prefix) => prefix === "" ? Effect.succeed([]) : tags(prefix),
      tagEntities: (names) =>
        Effect.map(days.all(names), (all) => names.map((name, i) => Tag.entity(name, all[i] ?? [], publicUrl))),
      trendingTags: tagTrends("now"),
      trendingPosts: postTrends("now")
    }
  })
