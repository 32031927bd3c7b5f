/**
 * Copies in Redis: each a hash with its version, and all of them in one sorted set, by the time at which they stand. A copy that
 * Redis evicted by itself is none; what the set names and is not there goes from it in its turn.
 */
import type { Content } from "@rookery/domain/Content"
import type { AccountId, MediaId, PostId } from "@rookery/domain/Ids"
import type { Media } from "@rookery/domain/Media"
import { Effect, Layer } from "effect"
import type { Redis } from "ioredis"
import { type Copy, type CopySettings, CopyStore } from "../CopyStore.ts"
import { acquire, attempt, type Connection, settled } from "./connection.ts"

export interface Settings extends Connection, CopySettings {
  /** Begins every key; one per cluster. */
  readonly keyPrefix: string
}

/** Copies that one put takes away, at most; the next takes more. */
const evictedMax = 2_000

/** A key that the set lost is gone after this. */
const keyMillisMax = 30 * 86_400_000

/** Writes a copy unless a newer one is there. */
const putScript = `
local known = redis.call("HGET", KEYS[1], "version")
if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call("HSET", KEYS[1], "version", ARGV[1], "content", ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
redis.call("ZADD", KEYS[2], "GT", ARGV[4], ARGV[5])
redis.call("DEL", KEYS[3])
return 1`

type Kept = [
  text: string,
  spoiler: string,
  language: string | null,
  mentions: ReadonlyArray<[id: string, username: string]>,
  media: ReadonlyArray<Omit<Media, "id"> & { readonly id: string }>
]

const textOf = ({ language, media, mentions, spoiler, text }: Content): string =>
  JSON.stringify([
    text,
    spoiler,
    language,
    mentions.map(({ id, username }) => [String(id), username]),
    media.map((one) => ({ ...one, id: String(one.id) }))
  ] satisfies Kept)

const contentOf = (id: PostId, version: number, kept: string): Content => {
  const [text, spoiler, language, mentions, media]: Kept = JSON.parse(kept)
  return {
    id,
    version,
    text,
    spoiler,
    language,
    mentions: mentions.map(([person, username]) => ({ id: BigInt(person) as AccountId, username })),
    media: media.map((one) => ({ ...one, id: BigInt(one.id) as MediaId }))
  }
}

const make = (redis: Redis, settings: Settings): CopyStore["Service"] => {
  const { copiesMax, idleMillis, keyPrefix, missingMillis, readMillis } = settings
  const allKey = `${keyPrefix}copies`
  const copyKey = (id: bigint | string) => `${keyPrefix}copy:${id}`
  const missingKey = (id: bigint | string) => `${keyPrefix}copy-missing:${id}`

  const get = async (ids: ReadonlyArray<PostId>): Promise<ReadonlyMap<PostId, Copy>> => {
    const found = new Map<PostId, Copy>()
    if (ids.length === 0) return found
    const reading = redis.pipeline()
    for (const id of ids) reading.hmget(copyKey(id), "version", "content")
    reading.mget(ids.map(missingKey))
    const replies = settled(await reading.exec())
    const missing = replies.at(-1) as ReadonlyArray<string | null>
    const counting = redis.pipeline()
    ids.forEach((id, i) => {
      const [version, kept] = replies[i] as [string | null, string | null]
      if (version !== null && kept !== null) {
        found.set(id, contentOf(id, Number(version), kept))
        counting.zincrby(allKey, readMillis, String(id))
      } else if (missing[i] !== null) found.set(id, "missing")
    })
    if (counting.length > 0) settled(await counting.exec())
    return found
  }

  const evict = async (now: number): Promise<void> => {
    const [count, idle] = settled(
      await redis.pipeline().zcard(allKey).zrangebyscore(allKey, "-inf", now - idleMillis, "LIMIT", 0, evictedMax).exec()
    ) as [number, ReadonlyArray<string>]
    const tooMany = Math.min(evictedMax, count - copiesMax)
    const gone = tooMany > idle.length ? await redis.zrange(allKey, 0, String(tooMany - 1)) : idle
    if (gone.length === 0) return
    settled(await redis.pipeline().zrem(allKey, ...gone).unlink(...gone.map(copyKey)).exec())
  }

  const put = async (contents: ReadonlyArray<Content>): Promise<void> => {
    if (contents.length === 0) return
    const now = Date.now()
    const writing = redis.pipeline()
    for (const content of contents) {
      const keys = [copyKey(content.id), allKey, missingKey(content.id)]
      writing.eval(putScript, keys.length, ...keys, content.version, textOf(content), keyMillisMax, now, String(content.id))
    }
    settled(await writing.exec())
    await evict(now)
  }

  const putMissing = async (ids: ReadonlyArray<PostId>): Promise<void> => {
    const writing = redis.pipeline()
    for (const id of ids) writing.unlink(copyKey(id)).set(missingKey(id), "1", "PX", missingMillis)
    settled(await writing.exec())
  }

  const drop = async (ids: ReadonlyArray<PostId>): Promise<void> => {
    if (ids.length === 0) return
    settled(await redis.pipeline().unlink(...ids.map(copyKey), ...ids.map(missingKey)).zrem(allKey, ...ids.map(String)).exec())
  }

  return {
    get: (ids) => attempt("CopyStore.get", () => get(ids)),
    put: (contents) => attempt("CopyStore.put", () => put(contents)),
    putMissing: (ids) => attempt("CopyStore.putMissing", () => putMissing(ids)),
    drop: (ids) => attempt("CopyStore.drop", () => drop(ids)),
    size: attempt("CopyStore.size", () => redis.zcard(allKey))
  }
}

/** Builds also while Redis is away: it holds nothing that is needed. */
export const layer = (settings: Settings): Layer.Layer<CopyStore> =>
  Layer.effect(CopyStore, Effect.map(acquire(settings), (redis) => make(redis, settings)))
