/**
 * The newest posts of topics (domain/Topics.ts): a ring for each topic that is read, in the shard that the topic hashes
 * to. A ring is a window with a floor, loaded once however many readers wait, fed by fan-out, and read again
 * when it is old; below its floor pages come from Postgres.
 */
import * as Snowflake from "@rookery/domain/Snowflake"
import * as TimelinePage from "@rookery/domain/TimelinePage"
import * as Window from "@rookery/domain/TimelineWindow"
import { ringHits, ringLoads } from "@rookery/observe/Metrics"
import type { TopicStore } from "@rookery/store/TopicStore"
import { Deferred, Effect, type Exit } from "effect"

/** Entries of a ring, and rings of a shard, at most; the longest unread go first. */
export const ringEntriesMax = 400
export const ringsMax = 100

interface Ring {
  window: Window.TimelineWindow | undefined
  /** While a load runs: what is published meanwhile goes in here. */
  arriving: Window.TimelineWindow | undefined
  loading: Deferred.Deferred<void, unknown> | undefined
  readAt: number
}

export interface TopicRings {
  /** In the order of their last reads. */
  readonly byTopic: Map<string, Ring>
}

export interface Means {
  readonly page: TopicStore["Service"]["page"]
  /** How old a ring may get before it is read again behind the next read, in milliseconds. */
  readonly maxAgeMillis: number
  readonly now: () => number
  /** Starts work that outlives whoever asked for it. */
  readonly runFork: (effect: Effect.Effect<void>) => void
}

export const make = (): TopicRings => ({ byTopic: new Map() })

export const clear = (rings: TopicRings): void => rings.byTopic.clear()

const insert = (window: Window.TimelineWindow | undefined, id: bigint): void => {
  if (window !== undefined) Window.insert(window, Snowflake.high(id), Snowflake.low(id), 0)
}

/** A post of some topics was committed, or changed; repeats are harmless. Topics that nobody reads have no ring. */
export const publish = (rings: TopicRings, topics: ReadonlyArray<string>, id: bigint): void => {
  for (const topic of topics) {
    const ring = rings.byTopic.get(topic)
    insert(ring?.arriving, id)
    insert(ring?.window, id)
  }
}

/** The ring of a topic, as the one that was read last. */
const touch = (rings: TopicRings, topic: string): Ring => {
  const known = rings.byTopic.get(topic)
  const ring: Ring = known ?? { window: undefined, arriving: undefined, loading: undefined, readAt: 0 }
  rings.byTopic.delete(topic)
  rings.byTopic.set(topic, ring)
  if (rings.byTopic.size > ringsMax) rings.byTopic.delete(rings.byTopic.keys().next().value!)
  return ring
}

const load = (means: Means, topic: string, ring: Ring) =>
  Effect.gen(function*() {
    ringLoads.value++
    const arriving = Window.make(ringEntriesMax)
    ring.arriving = arriving
    const ids = yield* means.page(topic, { maxId: undefined, sinceId: 0n, minId: 0n, limit: ringEntriesMax })
    for (const id of ids) insert(arriving, id)
    const floor = ids.length < ringEntriesMax ? 0n : ids[ids.length - 1]!
    Window.raiseFloor(arriving, Snowflake.high(floor), Snowflake.low(floor))
    ring.window = arriving
    ring.readAt = means.now()
  })

/** Reads the ring again, once however many ask. */
const refresh = (means: Means, topic: string, ring: Ring): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    if (ring.loading !== undefined) return Deferred.await(ring.loading)
    const loading = Deferred.makeUnsafe<void, unknown>()
    ring.loading = loading
    const settle = (exit: Exit.Exit<void, unknown>) =>
      Effect.sync(() => {
        ring.loading = undefined
        ring.arriving = undefined
        Deferred.doneUnsafe(loading, exit)
      })
    means.runFork(Effect.ignore(Effect.onExit(load(means, topic, ring), settle)))
    return Deferred.await(loading)
  })

/** What the ring holds of a page, and the rest from the database. */
const complete = (means: Means, topic: string, window: Window.TimelineWindow, query: TimelinePage.PageQuery) => {
  const { complete: isWhole, entries, floor } = TimelinePage.read([window], query)
  const ids = entries.map((entry) => entry.id)
  if (isWhole) return Effect.succeed(ids)
  if (query.minId > 0n) return means.page(topic, query)
  const below = query.maxId === undefined || floor < query.maxId ? floor : query.maxId
  return Effect.map(means.page(topic, { ...query, maxId: below, limit: query.limit - ids.length }), (rest) => [...ids, ...rest])
}

/** One page of a topic, newest first; shorter than its limit only at the true end. */
export const read = (
  rings: TopicRings,
  means: Means,
  topic: string,
  query: TimelinePage.PageQuery
): Effect.Effect<ReadonlyArray<bigint>, unknown> =>
  Effect.gen(function*() {
    const ring = touch(rings, topic)
    if (ring.window === undefined) yield* refresh(means, topic, ring)
    else {
      ringHits.value++
      if (means.now() - ring.readAt > means.maxAgeMillis) means.runFork(Effect.ignore(refresh(means, topic, ring)))
    }
    return yield* complete(means, topic, ring.window!, query)
  })
