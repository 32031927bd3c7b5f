/**
 * Step one of reading an account's own timeline: ids. The newest of whoever was read lately are kept, until a front or the bus
 * says that there is one more; what is deleted or not for this viewer is left out by the later steps. The rest comes from the
 * database, for many readers in one query.
 */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Metrics from "@rookery/observe/Metrics"
import * as Coalescer from "@rookery/protocol/Coalescer"
import { StoreError } from "@rookery/store/StoreError"
import type { AuthorAsk, AuthorQuery, TimelineStore } from "@rookery/store/TimelineStore"
import { Effect } from "effect"
import * as FillCache from "./FillCache.ts"

export interface AuthorPages {
  /** Newest first; shorter than `limit` only at the true end. */
  readonly page: (author: AccountId, query: AuthorQuery) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
  /** Forgets what is known of an author, loads under way included. */
  readonly drop: (author: bigint) => void
  readonly clear: () => void
}

/** What comes meanwhile shares the next query. */
const inFlightMax = 1
const pagesMax = 64
const waitingMax = 4_096

/** Ids kept of one timeline: the largest page that clients ask for. */
const newestMax = 40

interface Newest {
  /** Newest first. */
  readonly ids: BigInt64Array
  /** There are no others. */
  readonly isAll: boolean
}

type Filter = Pick<AuthorQuery, "excludeReplies" | "excludeReposts" | "includePrivate">

/** Kept apart by what they leave out; those with pictures alone change with edits, and are not kept. */
const filters: ReadonlyArray<Filter> = Array.from({ length: 8 }, (_, bits) => ({
  excludeReplies: (bits & 1) !== 0,
  excludeReposts: (bits & 2) !== 0,
  includePrivate: (bits & 4) !== 0
}))

const keyOf = (author: bigint, filter: number): bigint => author * 8n + BigInt(filter)

const filterOf = ({ excludeReplies, excludeReposts, includePrivate }: Filter): number =>
  (excludeReplies ? 1 : 0) | (excludeReposts ? 2 : 0) | (includePrivate ? 4 : 0)

const askOf = (key: bigint): AuthorAsk => ({
  author: (key / 8n) as AccountId,
  query: { ...filters[Number(key % 8n)]!, maxId: undefined, sinceId: 0n, minId: 0n, limit: newestMax }
})

const isKept = ({ limit, minId, onlyMedia }: AuthorQuery): boolean => minId === 0n && limit <= newestMax && onlyMedia !== true

/** The page, if what is kept reaches as far; else undefined. */
const cut = ({ ids, isAll }: Newest, { limit, maxId, sinceId }: AuthorQuery): ReadonlyArray<PostId> | undefined => {
  const page: Array<PostId> = []
  for (const id of ids) {
    if (maxId !== undefined && id >= maxId) continue
    if (id <= sinceId) return page
    page.push(id as PostId)
    if (page.length === limit) return page
  }
  return isAll ? page : undefined
}

const load = (timelines: TimelineStore["Service"]) => (keys: ReadonlyArray<bigint>) =>
  Effect.map(timelines.authorPages(keys.map(askOf)), (pages) =>
    new Map(pages.map((ids, i) => [keys[i]!, { ids: BigInt64Array.from(ids), isAll: ids.length < newestMax }])))

const makeNewest = (timelines: TimelineStore["Service"], bytesMax: number, millis: number) =>
  FillCache.make<bigint, Newest>({
    bytesMax,
    sizeOf: ({ ids }) => ids.byteLength + 300,
    millis,
    missingMillis: () => 0,
    batchMax: pagesMax,
    loadsMax: inFlightMax,
    load: load(timelines),
    onHit: (count) => void (Metrics.authorPageHits.value += count),
    onMiss: (count) => void (Metrics.authorPageMisses.value += count)
  })

const makeOlder = (timelines: TimelineStore["Service"]) =>
  Coalescer.make<"pages", AuthorAsk, ReadonlyArray<PostId>, StoreError>({
    inFlightMax,
    batchMax: pagesMax,
    waitingMax,
    gather: true,
    full: () => new StoreError({ operation: "authorPages", cause: new Error("too many reads wait") }),
    send: (_, asks) => timelines.authorPages(asks)
  })

/** `bytesMax` and `millis` are of what is kept: how many, and for how long should nobody say that it is old. */
export const make = (timelines: TimelineStore["Service"], bytesMax: number, millis: number): Effect.Effect<AuthorPages> =>
  Effect.gen(function*() {
    const newest = yield* makeNewest(timelines, bytesMax, millis)
    const older = yield* makeOlder(timelines)
    // Pages upwards are few: clients ask for them when they have seen the rest. They go by themselves.
    const read = (author: AccountId, query: AuthorQuery) =>
      query.minId > 0n ? timelines.authorPage(author, query) : older.request("pages", { author, query })
    return {
      page: (author, query) => {
        if (!isKept(query)) return read(author, query)
        return Effect.flatMap(newest.all([keyOf(author, filterOf(query))]), ([known]) => {
          const page = known && cut(known, query)
          return page === undefined ? read(author, query) : Effect.succeed(page)
        })
      },
      drop: (author) => {
        for (let filter = 0; filter < filters.length; filter++) newest.invalidate(keyOf(author, filter))
      },
      clear: newest.clear
    }
  })
