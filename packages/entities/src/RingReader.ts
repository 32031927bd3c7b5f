/**
 * Where the rings of pulled authors come from: the snapshot store and what is newer in the database, or the
 * database alone. What a ring held when it was read is saved, so that the next runner reads little.
 */
import { AccountId, PostId } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import * as Snowflake from "@rookery/domain/Snowflake"
import { snapshotFailures } from "@rookery/observe/Metrics"
import { type RingSnapshot, SnapshotStore } from "@rookery/store/SnapshotStore"
import { TimelineStore } from "@rookery/store/TimelineStore"
import { Effect } from "effect"

/** The newest ids of an author, newest first; below `floor` some may be missing. */
export interface RingIds {
  readonly ids: ReadonlyArray<bigint>
  readonly floor: bigint
}

/** Reads the ids at or above `since`, or all that a ring holds. */
export type ReadRing = (author: bigint, since: bigint | undefined) => Effect.Effect<RingIds, unknown>

/** Every post with an id below this was committed, or never will be, when it was `now`: no transaction lasts longer than the overlap. */
export const settledBelow = (now: number): bigint => Snowflake.floorAt(now - Limits.overlapMillis)

export const make = (options: {
  readonly ringEntriesMax: number
  readonly now: () => number
  readonly runFork: (effect: Effect.Effect<void>) => void
}): Effect.Effect<ReadRing, never, SnapshotStore | TimelineStore> =>
  Effect.gen(function*() {
    const { ringEntriesMax: max, now, runFork } = options
    const timelines = yield* TimelineStore
    const snapshots = yield* SnapshotStore

    const newest = (author: AccountId, since: bigint): Effect.Effect<RingIds, unknown> =>
      Effect.map(timelines.newestOf([{ author, since }], max), (found) => {
        const ids = found.get(author) ?? []
        return { ids, floor: ids.length < max ? since : ids[ids.length - 1]! }
      })

    const whenLost = <A>(effect: Effect.Effect<A, unknown>): Effect.Effect<A | undefined> =>
      Effect.catch(effect, (error) => {
        snapshotFailures.value++
        return Effect.as(Effect.logDebug("a ring's snapshot was not to be had", error), undefined)
      })

    /** A list that was cut off does not reach down to the snapshot, and stands by itself. */
    const continued = (author: AccountId, snapshot: RingSnapshot) =>
      Effect.map(newest(author, snapshot.completeBelow), (newer): RingIds => {
        if (newer.floor > snapshot.completeBelow) return newer
        const known = new Set(newer.ids)
        const ids = [...newer.ids, ...snapshot.ids.filter((id) => !known.has(id))]
        return ids.length <= max ? { ids, floor: snapshot.floor } : { ids: ids.slice(0, max), floor: ids[max - 1]! }
      })

    const whole = (author: AccountId): Effect.Effect<RingIds, unknown> =>
      Effect.gen(function*() {
        const completeBelow = settledBelow(now())
        const snapshot = yield* whenLost(snapshots.loadRing(author))
        const ring = yield* snapshot === undefined ? newest(author, 0n) : continued(author, snapshot)
        const saved = { floor: ring.floor, completeBelow, ids: ring.ids.map((id) => PostId.make(id)) }
        runFork(Effect.asVoid(whenLost(snapshots.saveRing(author, saved))))
        return ring
      })

    return (author, since) =>
      since === undefined ? whole(AccountId.make(author)) : newest(AccountId.make(author), since)
  })
