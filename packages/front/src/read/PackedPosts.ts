/**
 * Posts behind the cache of renderings, as bytes that the garbage collector does not look into: by count some 200 for a post of 140
 * characters, where its rendering is counted as some 1,700. Those with pictures are not kept here.
 */
import * as ByteLog from "@rookery/domain/ByteLog"
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import { type Post, visibilities, visibilityNumber } from "@rookery/domain/Post"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Metrics from "@rookery/observe/Metrics"
import type { Addresses } from "../render/Addresses.ts"
import * as Status from "../render/Status.ts"
import type { Behind } from "./FillCache.ts"

/**
 * `flags | mentions | authorNo | version | likes | reposts | replies | bookmarks | author | replyTo? | replyToAuthor? | repostOf? |
 * editedAt? | mentions × id | texts`, where the texts (none has a NUL) are one: username, language, spoiler, text, mentioned names.
 */
const bits = { sensitive: 1, pinned: 2, language: 4, replyTo: 8, replyToAuthor: 16, repostOf: 32, editedAt: 64 } as const
const visibilityShift = 7
const fixedBytes = 36
/** Each of the ids and the time that may be left out. */
const wordBytes = 8
const separator = "\0"

/** What no post is beyond; a larger one is not packed. */
const bytesMax = 64 * 1024
const scratch = Buffer.alloc(bytesMax)

const flagsOf = (post: Post): number =>
  (post.sensitive ? bits.sensitive : 0) | (post.pinned ? bits.pinned : 0) | (post.language === null ? 0 : bits.language) |
  (post.replyTo === null ? 0 : bits.replyTo) | (post.replyToAuthor === null ? 0 : bits.replyToAuthor) |
  (post.repostOf === null ? 0 : bits.repostOf) | (post.editedAt === null ? 0 : bits.editedAt) |
  (visibilityNumber(post.visibility) << visibilityShift)

const isPlain = ({ absent, media }: Post): boolean => media.length === 0 && absent !== true

/** The bytes of a post and its author's name, good until the next call; undefined for a post that is not kept so. */
export const pack = (post: Post, username: string): Uint8Array | undefined => {
  const words = [post.replyTo, post.replyToAuthor, post.repostOf].filter((id) => id !== null)
  const texts = [username, post.language ?? "", post.spoiler, post.text, ...post.mentions.map((mention) => mention.username)].join(separator)
  const idBytes = (words.length + post.mentions.length + 2) * wordBytes
  if (!isPlain(post) || fixedBytes + idBytes + texts.length * 3 > bytesMax) return undefined
  scratch.writeUInt16LE(flagsOf(post), 0)
  scratch.writeUInt16LE(post.mentions.length, 2)
  const numbers = [post.authorNo, post.version, post.likes, post.reposts, post.replies, post.bookmarks]
  numbers.forEach((number, i) => scratch.writeUInt32LE(number, 4 + 4 * i))
  let at = scratch.writeBigInt64LE(post.author, fixedBytes - wordBytes)
  for (const id of words) at = scratch.writeBigInt64LE(id, at)
  if (post.editedAt !== null) at = scratch.writeDoubleLE(post.editedAt, at)
  for (const { id } of post.mentions) at = scratch.writeBigInt64LE(id, at)
  return scratch.subarray(0, at + scratch.write(texts, at))
}

/** What {@link pack} was given. */
export const unpack = (id: bigint, bytes: Uint8Array): { readonly post: Post; readonly username: string } => {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const flags = from.readUInt16LE(0)
  const mentioned = from.readUInt16LE(2)
  let at = fixedBytes
  const take = (bit: number): bigint | null => {
    if ((flags & bit) === 0) return null
    at += wordBytes
    return from.readBigInt64LE(at - wordBytes)
  }
  const replyTo = take(bits.replyTo) as PostId | null
  const replyToAuthor = take(bits.replyToAuthor) as AccountId | null
  const repostOf = take(bits.repostOf) as PostId | null
  const editedAt = (flags & bits.editedAt) === 0 ? null : from.readDoubleLE(at)
  if (editedAt !== null) at += wordBytes
  const idsAt = at
  const [username, language, spoiler, text, ...names] = from.toString("utf8", idsAt + mentioned * wordBytes).split(separator)
  const post: Post = {
    id: id as PostId,
    author: from.readBigInt64LE(fixedBytes - wordBytes) as AccountId,
    authorNo: from.readUInt32LE(4) as LocalNo,
    text: text!,
    spoiler: spoiler!,
    sensitive: (flags & bits.sensitive) !== 0,
    visibility: visibilities[(flags >> visibilityShift) & 3]!,
    language: (flags & bits.language) === 0 ? null : language!,
    replyTo,
    replyToAuthor,
    repostOf,
    editedAt,
    version: from.readUInt32LE(8),
    likes: from.readUInt32LE(12),
    reposts: from.readUInt32LE(16),
    replies: from.readUInt32LE(20),
    bookmarks: from.readUInt32LE(24),
    pinned: (flags & bits.pinned) !== 0,
    mentions: names.map((name, i) => ({ id: from.readBigInt64LE(idsAt + i * wordBytes) as AccountId, username: name })),
    media: []
  }
  return { post, username: username! }
}

/** Asked for twice within so many milliseconds a post is hot: one that is not costs less here than what it would drive out, and than the garbage of keeping it. */
const hotMillis = 10_000
/** Places for when posts were asked for last; two that share one may pass for hot. */
const askedSlots = 1 << 16

const slotOf = (id: bigint): number =>
  (Math.imul(Snowflake.low(id), 0x9e37_79b1) ^ Snowflake.high(id)) >>> 0 & (askedSlots - 1)

const makeHeat = () => {
  const asked = new Float64Array(askedSlots).fill(Number.NEGATIVE_INFINITY)
  const hot = new Uint8Array(askedSlots)
  return {
    ask: (id: bigint, now: number): boolean => {
      const slot = slotOf(id)
      const isHot = now - asked[slot]! < hotMillis
      asked[slot] = now
      hot[slot] = isHot ? 1 : 0
      return isHot
    },
    /** As of the last time that it was asked for. */
    was: (id: bigint): boolean => hot[slotOf(id)] === 1
  }
}

/** At most `logBytes` of them; what was kept first goes first. */
export const make = (logBytes: number, addresses: Addresses): Behind<bigint, Status.RenderedPost> => {
  const log = ByteLog.make(logBytes)
  const heat = makeHeat()
  return {
    get: (id, now) => {
      const isHot = heat.ask(id, now)
      const found = log.get(id, now)
      if (found === undefined) return undefined
      Metrics.renderCachePacked.value++
      const { post, username } = unpack(id, found.bytes)
      return { value: Status.render(post, username, addresses), until: found.until, isHot }
    },
    put: (id, { post, username }, until) => {
      const bytes = pack(post, username)
      if (bytes !== undefined) return log.put(id, bytes, until) && !heat.was(id)
      log.delete(id)
      return false
    },
    delete: log.delete,
    clear: log.clear
  }
}
