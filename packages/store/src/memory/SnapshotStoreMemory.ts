/** Snapshots in this process: the twin of the one in Redis, bounded by entries. What was used longest ago goes first. */
import type { PostId } from "@rookery/domain/Ids"
import { Clock, Effect, Layer } from "effect"
import { type RingSnapshot, SnapshotStore, type WindowSnapshot } from "../SnapshotStore.ts"

export interface Settings {
  /** Entries of all windows and rings together, at 12 bytes each. */
  readonly entriesMax: number
  readonly ttlSeconds: number
}

/** Entries newest first, packed: an object for each would take five times as much. */
interface Packed {
  readonly followVersion: number
  readonly floor: bigint
  readonly completeBelow: bigint
  readonly ids: BigUint64Array
  readonly authors: Uint32Array
  readonly expiresAt: number
}

/** A map keeps the order of insertion; a use puts the key last again. */
interface Cache {
  readonly entriesMax: number
  readonly held: Map<string, Packed>
  entries: number
}

/** What an empty snapshot counts, so that they are bounded too. */
const weightOf = (packed: Packed): number => Math.max(1, packed.ids.length)

const drop = (cache: Cache, key: string): void => {
  const packed = cache.held.get(key)
  if (packed === undefined) return
  cache.held.delete(key)
  cache.entries -= weightOf(packed)
}

const put = (cache: Cache, key: string, packed: Packed): void => {
  drop(cache, key)
  cache.held.set(key, packed)
  cache.entries += weightOf(packed)
  for (const oldest of cache.held.keys()) {
    if (cache.entries <= cache.entriesMax) break
    drop(cache, oldest)
  }
}

const get = (cache: Cache, key: string, now: number): Packed | undefined => {
  const packed = cache.held.get(key)
  if (packed === undefined) return undefined
  cache.held.delete(key)
  if (packed.expiresAt > now) {
    cache.held.set(key, packed)
    return packed
  }
  cache.entries -= weightOf(packed)
  return undefined
}

const packWindow = (snapshot: WindowSnapshot, expiresAt: number): Packed => ({
  followVersion: snapshot.followVersion,
  floor: snapshot.floor,
  completeBelow: snapshot.completeBelow,
  ids: BigUint64Array.from(snapshot.entries, (entry) => entry.id),
  authors: Uint32Array.from(snapshot.entries, (entry) => entry.authorNo),
  expiresAt
})

const windowOf = (packed: Packed): WindowSnapshot => ({
  followVersion: packed.followVersion,
  floor: packed.floor,
  completeBelow: packed.completeBelow,
  entries: Array.from(packed.ids, (id, i) => ({ id, authorNo: packed.authors[i]! }))
})

const packRing = (ring: RingSnapshot, expiresAt: number): Packed => ({
  followVersion: 0,
  floor: ring.floor,
  completeBelow: ring.completeBelow,
  ids: BigUint64Array.from(ring.ids),
  authors: new Uint32Array(0),
  expiresAt
})

const ringOf = (packed: Packed): RingSnapshot => ({
  floor: packed.floor,
  completeBelow: packed.completeBelow,
  ids: Array.from(packed.ids, (id) => id as PostId)
})

const make = (settings: Settings): SnapshotStore["Service"] => {
  const cache: Cache = { entriesMax: settings.entriesMax, held: new Map(), entries: 0 }
  const now = Clock.currentTimeMillis
  const expiry = Effect.map(now, (millis) => millis + settings.ttlSeconds * 1_000)
  const load = <A>(key: string, unpack: (packed: Packed) => A): Effect.Effect<A | undefined> =>
    Effect.map(now, (millis) => {
      const packed = get(cache, key, millis)
      return packed && unpack(packed)
    })
  return {
    saveWindows: (snapshots) =>
      Effect.map(expiry, (expiresAt) => {
        for (const { reader, snapshot } of snapshots) put(cache, `w${reader}`, packWindow(snapshot, expiresAt))
      }),
    loadWindow: (reader) => load(`w${reader}`, windowOf),
    dropWindow: (reader) => Effect.sync(() => drop(cache, `w${reader}`)),
    saveRing: (author, ring) => Effect.map(expiry, (expiresAt) => put(cache, `r${author}`, packRing(ring, expiresAt))),
    loadRing: (author) => load(`r${author}`, ringOf),
    ping: Effect.void
  }
}

export const layer = (settings: Settings): Layer.Layer<SnapshotStore> =>
  Layer.sync(SnapshotStore, () => make(settings))
