/** Snapshots in this process: the twin of the one in Redis, bounded by entries. What was used longest ago goes first. */
import * as EntryBytes from "@rookery/domain/EntryBytes"
import { Clock, Effect, Layer } from "effect"
import * as RingBytes from "../ringBytes.ts"
import { type RingSnapshot, SnapshotStore, type WindowSnapshot } from "../SnapshotStore.ts"

export interface Settings {
  /** Entries of all windows and rings together, at 12 bytes each. */
  readonly entriesMax: number
  readonly ttlSeconds: number
}

/** A window, or a ring with version 0. */
interface Packed {
  readonly version: number
  readonly floor: bigint
  readonly completeBelow: bigint
  /** Packed as in Redis: an object for each entry would take five times as much. Never written to. */
  readonly members: Uint8Array
  /** How many entries that is; an empty snapshot counts as one, so that they are bounded too. */
  readonly weight: number
  readonly expiresAt: number
}

/** A map keeps the order of insertion; a use puts the key last again. */
interface Cache {
  readonly entriesMax: number
  readonly held: Map<string, Packed>
  entries: number
}

const drop = (cache: Cache, key: string): void => {
  const packed = cache.held.get(key)
  if (packed === undefined) return
  cache.held.delete(key)
  cache.entries -= packed.weight
}

const put = (cache: Cache, key: string, packed: Packed): void => {
  drop(cache, key)
  cache.held.set(key, packed)
  cache.entries += packed.weight
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
  cache.entries -= packed.weight
  return undefined
}

const packWindow = ({ completeBelow, entries, floor, followVersion }: WindowSnapshot, expiresAt: number): Packed => ({
  version: followVersion,
  floor,
  completeBelow,
  members: entries,
  weight: Math.max(1, EntryBytes.countOf(entries)),
  expiresAt
})

const windowOf = ({ completeBelow, floor, members, version }: Packed): WindowSnapshot => ({
  followVersion: version,
  floor,
  completeBelow,
  entries: members
})

const packRing = ({ completeBelow, floor, ids }: RingSnapshot, expiresAt: number): Packed => ({
  version: 0,
  floor,
  completeBelow,
  members: RingBytes.of(ids),
  weight: Math.max(1, ids.length),
  expiresAt
})

const ringOf = ({ completeBelow, floor, members }: Packed): RingSnapshot => ({ floor, completeBelow, ids: RingBytes.idsOf(members) })

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
