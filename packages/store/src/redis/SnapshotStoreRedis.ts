/**
 * Snapshots in Redis: the entries in a sorted set, what they mean in a small hash beside it.
 *
 * Both are written and read in one script. A hash that names another number of entries than there are (Redis
 * may have evicted either) is no snapshot. While Redis is away every operation fails at once, and the client
 * reconnects by itself.
 */
import * as EntryBytes from "@rookery/domain/EntryBytes"
import { Effect, Layer } from "effect"
import type { Redis } from "ioredis"
import { type RingSnapshot, SnapshotStore, type WindowSnapshot } from "../SnapshotStore.ts"
import { acquire, attempt, type Connection, ping } from "./connection.ts"
import * as RingBytes from "../ringBytes.ts"
import * as Scripts from "./snapshotScripts.ts"

export interface Settings extends Connection {
  /** Begins every key; one per cluster. */
  readonly keyPrefix: string
  /** Seconds until a snapshot that is not written again is gone. */
  readonly ttlSeconds: number
}

/** Windows sent before an answer is awaited; a window of 800 entries is some 10 kB. */
const windowsAtOnce = 64

/** A snapshot as it crosses the wire: of a window with its version, of a ring with version 0. */
interface Kept {
  readonly version: number
  readonly floor: bigint
  readonly completeBelow: bigint
  /** Members of the sorted set, newest first, each of the same width. */
  readonly members: Uint8Array
}

/** The client with the scripts as commands: it sends their text once for each connection. */
interface Scripted extends Redis {
  readonly saveSnapshot: (key: string, metaKey: string, ...args: ReadonlyArray<Buffer | number | string>) => Promise<number>
  readonly loadSnapshotBuffer: (key: string, metaKey: string) => Promise<ReadonlyArray<Buffer> | null>
}

const scripted = (redis: Redis): Scripted => {
  redis.defineCommand("saveSnapshot", { lua: Scripts.save, numberOfKeys: 2 })
  redis.defineCommand("loadSnapshot", { lua: Scripts.load, numberOfKeys: 2, readOnly: true })
  return redis as Scripted
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const make = (redis: Scripted, settings: Settings): SnapshotStore["Service"] => {
  const windowKey = (id: bigint) => `${settings.keyPrefix}window:${id}`
  const ringKey = (id: bigint) => `${settings.keyPrefix}ring:${id}`
  const metaKey = (key: string) => `${key}:meta`

  /** One script for each snapshot: Redis serves others in between. */
  const put = (key: string, width: number, { completeBelow, floor, members, version }: Kept): Promise<number> =>
    redis.saveSnapshot(key, metaKey(key), bufferOf(members), width, version, `${floor}`, `${completeBelow}`, settings.ttlSeconds)

  const get = async (key: string): Promise<Kept | undefined> => {
    const found = await redis.loadSnapshotBuffer(key, metaKey(key))
    if (found === null) return undefined
    const [version, floor, below, members] = found as readonly [Buffer, Buffer, Buffer, Buffer]
    return { version: Number(version), floor: BigInt(floor.toString()), completeBelow: BigInt(below.toString()), members }
  }

  const saveWindow = (id: bigint, { completeBelow, entries, floor, followVersion }: WindowSnapshot): Promise<number> =>
    put(windowKey(id), EntryBytes.entryBytes, { version: followVersion, floor, completeBelow, members: entries })

  const saveWindows: SnapshotStore["Service"]["saveWindows"] = (snapshots) =>
    attempt("SnapshotStore.saveWindows", async () => {
      for (let from = 0; from < snapshots.length; from += windowsAtOnce) {
        const some = snapshots.slice(from, from + windowsAtOnce)
        await Promise.all(some.map(({ reader, snapshot }) => saveWindow(reader, snapshot)))
      }
    })

  const loadWindow = async (key: string): Promise<WindowSnapshot | undefined> => {
    const found = await get(key)
    if (found === undefined) return undefined
    const { completeBelow, floor, members, version } = found
    return { followVersion: version, floor, completeBelow, entries: members }
  }

  const saveRing = (key: string, { completeBelow, floor, ids }: RingSnapshot): Promise<number> =>
    put(key, RingBytes.idBytes, { version: 0, floor, completeBelow, members: RingBytes.of(ids) })

  const loadRing = async (key: string): Promise<RingSnapshot | undefined> => {
    const found = await get(key)
    return found && { floor: found.floor, completeBelow: found.completeBelow, ids: RingBytes.idsOf(found.members) }
  }

  return {
    saveWindows,
    loadWindow: (reader) => attempt("SnapshotStore.loadWindow", () => loadWindow(windowKey(reader))),
    dropWindow: (reader) =>
      Effect.asVoid(attempt("SnapshotStore.dropWindow", () => redis.del(windowKey(reader), metaKey(windowKey(reader))))),
    saveRing: (author, ring) => Effect.asVoid(attempt("SnapshotStore.saveRing", () => saveRing(ringKey(author), ring))),
    loadRing: (author) => attempt("SnapshotStore.loadRing", () => loadRing(ringKey(author))),
    ping: ping("SnapshotStore.ping", redis)
  }
}

/** Builds also while Redis is away: it holds nothing that is needed. */
export const layer = (settings: Settings): Layer.Layer<SnapshotStore> =>
  Layer.effect(SnapshotStore, Effect.map(acquire(settings), (redis) => make(scripted(redis), settings)))
