/**
 * Snapshots in Redis: the entries in a sorted set, what they mean in a small hash beside it.
 *
 * Both are written and read in one transaction. A hash that names another number of entries than there are (Redis
 * may have evicted either) is no snapshot. While Redis is away every operation fails at once, and the client
 * reconnects by itself.
 */
import type { PostId } from "@rookery/domain/Ids"
import { Effect, Layer, Redacted } from "effect"
import { Redis } from "ioredis"
import { type RingSnapshot, SnapshotStore, type WindowSnapshot } from "../SnapshotStore.ts"
import { StoreError } from "../StoreError.ts"
import * as Members from "./members.ts"

export interface Settings {
  /** `redis://host:port/database`. */
  readonly url: Redacted.Redacted
  /** Begins every key; one per cluster. */
  readonly keyPrefix: string
  /** Seconds until a snapshot that is not written again is gone. */
  readonly ttlSeconds: number
}

const commandMillisMax = 2_000
const connectMillisMax = 2_000
const reconnectMillisMax = 1_000

/** Windows sent before an answer is awaited; a window of 800 entries is some 20 kB. */
const windowsAtOnce = 64

const open = (settings: Settings): Redis =>
  new Redis(Redacted.value(settings.url), {
    lazyConnect: true,
    connectTimeout: connectMillisMax,
    commandTimeout: commandMillisMax,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(reconnectMillisMax, 20 * 2 ** Math.min(attempt, 10))
  })

/** Says once when Redis goes and when it is back: the client itself reports every attempt. */
const watch = (redis: Redis) =>
  Effect.map(Effect.context<never>(), (context) => {
    const say = Effect.runForkWith(context)
    let isAway = false
    const away = (error: unknown): void => {
      if (!isAway) say(Effect.logWarning(`Redis is away; timelines load from Postgres meanwhile (${String(error)})`))
      isAway = true
    }
    redis.on("error", away)
    redis.on("ready", () => {
      if (isAway) say(Effect.logInfo("Redis is back"))
      isAway = false
    })
    return away
  })

/** Waits for the first connection as long as one attempt takes; a Redis that is away is reconnected to in the background. */
const connect = (redis: Redis) =>
  Effect.flatMap(watch(redis), (away) =>
    Effect.tryPromise({ try: () => redis.connect(), catch: (cause) => cause }).pipe(
      Effect.timeout(connectMillisMax),
      Effect.catch((error) => Effect.sync(() => away(error)))
    ))

const acquire = (settings: Settings) =>
  Effect.acquireRelease(
    Effect.sync(() => open(settings)),
    (redis) => Effect.sync(() => redis.disconnect())
  ).pipe(Effect.tap(connect))

const attempt = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, StoreError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new StoreError({ operation, cause }) })

type Replies = Awaited<ReturnType<ReturnType<Redis["pipeline"]>["exec"]>>

/** Fails with the first reply that is an error. */
const settled = (replies: Replies): ReadonlyArray<unknown> => {
  if (replies === null) throw new Error("the transaction was not run")
  return replies.map(([error, reply]) => {
    if (error) throw error
    return reply
  })
}

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
