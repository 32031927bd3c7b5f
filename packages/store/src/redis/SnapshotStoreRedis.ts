/**
 * Snapshots in Redis: the entries in a sorted set, what they mean in a small hash beside it.
 *
 * Both are written and read in one transaction. A hash that names another number of entries than there are (Redis
 * may have evicted either) is no snapshot. While Redis is away every operation fails at once, and the client
 * reconnects by itself.
 */
import type { PostId } from "@rookery/domain/Ids"
import { Effect, Layer } from "effect"
import type { Redis } from "ioredis"
import { type RingSnapshot, SnapshotStore, type WindowSnapshot } from "../SnapshotStore.ts"
import { acquire, attempt, type Connection, settled } from "./connection.ts"
import * as Members from "./members.ts"

export interface Settings extends Connection {
  /** Begins every key; one per cluster. */
  readonly keyPrefix: string
  /** Seconds until a snapshot that is not written again is gone. */
  readonly ttlSeconds: number
}

/** Windows sent before an answer is awaited; a window of 800 entries is some 20 kB. */
const windowsAtOnce = 64

/** Meta fields: version of the follow set (windows only), floor, complete below, number of entries. */
type Meta = readonly [version: string | null, floor: string | null, below: string | null, count: string | null]

const make = (redis: Redis, settings: Settings): SnapshotStore["Service"] => {
  const windowKey = (id: bigint) => `${settings.keyPrefix}window:${id}`
  const ringKey = (id: bigint) => `${settings.keyPrefix}ring:${id}`
  const metaKey = (key: string) => `${key}:meta`

  /** One transaction for each snapshot: Redis serves others in between. */
  const put = async (
    key: string,
    snapshot: { readonly floor: bigint; readonly completeBelow: bigint },
    version: number,
    members: ReadonlyArray<Members.Scored>
  ): Promise<void> => {
    const transaction = redis.multi().del(key)
    if (members.length > 0) transaction.zadd(key, ...members.flatMap(({ member, score }) => [score, member]))
    transaction.hset(metaKey(key), {
      version,
      floor: `${snapshot.floor}`,
      below: `${snapshot.completeBelow}`,
      count: members.length
    })
    transaction.expire(key, settings.ttlSeconds).expire(metaKey(key), settings.ttlSeconds)
    settled(await transaction.exec())
  }

  const get = async (key: string): Promise<{ readonly meta: Meta; readonly members: ReadonlyArray<Buffer> } | undefined> => {
    const replies = await redis.multi().hmget(metaKey(key), "version", "floor", "below", "count")
      .zrevrangeBuffer(key, 0, -1).exec()
    const [meta, members] = settled(replies) as [Meta, ReadonlyArray<Buffer>]
    return meta[3] === `${members.length}` ? { meta, members } : undefined
  }

  const saveWindows: SnapshotStore["Service"]["saveWindows"] = (snapshots) =>
    attempt("SnapshotStore.saveWindows", async () => {
      for (let from = 0; from < snapshots.length; from += windowsAtOnce) {
        await Promise.all(snapshots.slice(from, from + windowsAtOnce).map(({ reader, snapshot }) =>
          put(windowKey(reader), snapshot, snapshot.followVersion, snapshot.entries.map(Members.ofEntry))
        ))
      }
    })

  const loadWindow = async (key: string): Promise<WindowSnapshot | undefined> => {
    const found = await get(key)
    return found && {
      followVersion: Number(found.meta[0]),
      floor: BigInt(found.meta[1]!),
      completeBelow: BigInt(found.meta[2]!),
      entries: found.members.map(Members.entryOf)
    }
  }

  const loadRing = async (key: string): Promise<RingSnapshot | undefined> => {
    const found = await get(key)
    return found && {
      floor: BigInt(found.meta[1]!),
      completeBelow: BigInt(found.meta[2]!),
      ids: found.members.map((member) => Members.idOf(member) as PostId)
    }
  }

  return {
    saveWindows,
    loadWindow: (reader) => attempt("SnapshotStore.loadWindow", () => loadWindow(windowKey(reader))),
    dropWindow: (reader) =>
      Effect.asVoid(attempt("SnapshotStore.dropWindow", () => redis.del(windowKey(reader), metaKey(windowKey(reader))))),
    saveRing: (author, ring) => attempt("SnapshotStore.saveRing", () => put(ringKey(author), ring, 0, ring.ids.map(Members.ofId))),
    loadRing: (author) => attempt("SnapshotStore.loadRing", () => loadRing(ringKey(author))),
    ping: Effect.asVoid(attempt("SnapshotStore.ping", () => redis.ping()))
  }
}

/** Builds also while Redis is away: it holds nothing that is needed. */
export const layer = (settings: Settings): Layer.Layer<SnapshotStore> =>
  Layer.effect(SnapshotStore, Effect.map(acquire(settings), (redis) => make(redis, settings)))
