/**
 * Posts as bytes that the garbage collector does not look into: some 200 for a post of 140 characters. Those with pictures are not
 * packed.
 */
import type * as ByteLog from "@rookery/domain/ByteLog"
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import { type Post, visibilities, type Visibility, visibilityNumber } from "@rookery/domain/Post"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Status from "../render/Status.ts"

/**
 * `flags | mentions | authorNo | version | likes | reposts | replies | bookmarks | author | replyTo? | replyToAuthor? | repostOf? |
 * editedAt? | mentions × id | texts`, where the texts (none has a NUL) are one: username, language, spoiler, text, mentioned names.
 */
const bits = { sensitive: 1, pinned: 2, language: 4, replyTo: 8, replyToAuthor: 16, repostOf: 32, editedAt: 64, isMarked: 512 } as const
/** Two bits. */
const visibilityShift = 7
const authorNoAt = 4
const authorAt = 28
const fixedBytes = 36
/** Each of the ids and the time that may be left out. */
const wordBytes = 8
const separator = 0

const none: ReadonlyArray<never> = []

/** What no post is beyond; a larger one is not packed. */
const bytesMax = 64 * 1024
const scratch = Buffer.alloc(bytesMax)
const scratchView = new DataView(scratch.buffer, scratch.byteOffset, bytesMax)

const flagsOf = (post: Post): number =>
  (post.sensitive ? bits.sensitive : 0) | (post.pinned ? bits.pinned : 0) | (post.language === null ? 0 : bits.language) |
  (post.replyTo === null ? 0 : bits.replyTo) | (post.replyToAuthor === null ? 0 : bits.replyToAuthor) |
  (post.repostOf === null ? 0 : bits.repostOf) | (post.editedAt === null ? 0 : bits.editedAt) |
  (Status.isMarked(post) ? bits.isMarked : 0) | (visibilityNumber(post.visibility) << visibilityShift)

const isPlain = ({ absent, media }: Post): boolean => media.length === 0 && absent !== true

/** Bytes that a post takes at most. */
const sizeMax = (post: Post, username: string): number => {
  let units = username.length + (post.language?.length ?? 0) + post.spoiler.length + post.text.length + 3
  for (const mention of post.mentions) units += mention.username.length + 1
  return fixedBytes + (4 + post.mentions.length) * wordBytes + units * 3
}

/** Each of these puts something at a place of `scratch` and answers where it ends. */
const putId = (id: bigint | null, at: number): number => {
  if (id === null) return at
  scratchView.setBigInt64(at, id, true)
  return at + wordBytes
}

const putText = (text: string, at: number): number => text === "" ? at : at + scratch.write(text, at)

const putNextText = (text: string, at: number): number => {
  scratch[at] = separator
  return putText(text, at + 1)
}

const putNumbers = (post: Post): void => {
  scratchView.setUint16(0, flagsOf(post), true)
  scratchView.setUint16(2, post.mentions.length, true)
  scratchView.setUint32(authorNoAt, post.authorNo, true)
  scratchView.setInt32(8, post.version, true)
  scratchView.setInt32(12, post.likes, true)
  scratchView.setInt32(16, post.reposts, true)
  scratchView.setInt32(20, post.replies, true)
  scratchView.setInt32(24, post.bookmarks, true)
  scratchView.setBigInt64(authorAt, post.author, true)
}

/** The bytes of a post and its author's name, good until the next call; undefined for a post that is not kept so. */
export const pack = (post: Post, username: string): Buffer | undefined => {
  if (!isPlain(post) || sizeMax(post, username) > bytesMax) return undefined
  putNumbers(post)
  let at = putId(post.repostOf, putId(post.replyToAuthor, putId(post.replyTo, fixedBytes)))
  if (post.editedAt !== null) at = scratch.writeDoubleLE(post.editedAt, at)
  for (const { id } of post.mentions) at = putId(id, at)
  at = putText(username, at)
  at = putNextText(post.language ?? "", at)
  at = putNextText(post.spoiler, at)
  at = putNextText(post.text, at)
  for (const mention of post.mentions) at = putNextText(mention.username, at)
  return scratch.subarray(0, at)
}

/** What {@link pack} was given. */
export const unpack = (id: bigint, { bytes, end, start, view }: ByteLog.Stretch): { readonly post: Post; readonly username: string } => {
  const flags = view.getUint16(start, true)
  const mentioned = view.getUint16(start + 2, true)
  let at = start + fixedBytes
  const take = (bit: number): bigint | null => {
    if ((flags & bit) === 0) return null
    at += wordBytes
    return view.getBigInt64(at - wordBytes, true)
  }
  const replyTo = take(bits.replyTo) as PostId | null
  const replyToAuthor = take(bits.replyToAuthor) as AccountId | null
  const repostOf = take(bits.repostOf) as PostId | null
  const editedAt = (flags & bits.editedAt) === 0 ? null : view.getFloat64(at, true)
  if (editedAt !== null) at += wordBytes
  const idsAt = at
  const texts = bytes.toString("utf8", idsAt + mentioned * wordBytes, end)
  const languageAt = texts.indexOf("\0") + 1
  const spoilerAt = texts.indexOf("\0", languageAt) + 1
  const textAt = texts.indexOf("\0", spoilerAt) + 1
  const textEnd = mentioned === 0 ? texts.length : texts.indexOf("\0", textAt)
  const post: Post = {
    id: id as PostId,
    author: view.getBigInt64(start + authorAt, true) as AccountId,
    authorNo: view.getUint32(start + authorNoAt, true) as LocalNo,
    text: texts.slice(textAt, textEnd),
    spoiler: texts.slice(spoilerAt, textAt - 1),
    sensitive: (flags & bits.sensitive) !== 0,
    visibility: visibilities[(flags >> visibilityShift) & 3]!,
    language: (flags & bits.language) === 0 ? null : texts.slice(languageAt, spoilerAt - 1),
    replyTo,
    replyToAuthor,
    repostOf,
    editedAt,
    version: view.getInt32(start + 8, true),
    likes: view.getInt32(start + 12, true),
    reposts: view.getInt32(start + 16, true),
    replies: view.getInt32(start + 20, true),
    bookmarks: view.getInt32(start + 24, true),
    pinned: (flags & bits.pinned) !== 0,
    mentions: mentioned === 0 ? none : texts.slice(textEnd + 1).split("\0").map((username, i) =>
      ({ id: view.getBigInt64(idsAt + i * wordBytes, true) as AccountId, username })),
    media: none
  }
  return { post, username: texts.slice(0, languageAt - 1) }
}

/** The same bytes as a string, each a character: what pages look at is read without making the rest. */
const wordAt = (packed: string, at: number): number =>
  packed.charCodeAt(at) | (packed.charCodeAt(at + 1) << 8) | (packed.charCodeAt(at + 2) << 16) | (packed.charCodeAt(at + 3) << 24)

const flagsIn = (packed: string): number => packed.charCodeAt(0) | (packed.charCodeAt(1) << 8)

export const authorNoIn = (packed: string): LocalNo => (wordAt(packed, authorNoAt) >>> 0) as LocalNo
export const visibilityIn = (packed: string): Visibility => visibilities[(flagsIn(packed) >> visibilityShift) & 3]!
export const isPinnedIn = (packed: string): boolean => (flagsIn(packed) & bits.pinned) !== 0
export const isMarkedIn = (packed: string): boolean => (flagsIn(packed) & bits.isMarked) !== 0
export const isWrapperIn = (packed: string): boolean => (flagsIn(packed) & bits.repostOf) !== 0

export const repostOfIn = (packed: string): PostId | null => {
  const flags = flagsIn(packed)
  if ((flags & bits.repostOf) === 0) return null
  const at = fixedBytes + ((flags & bits.replyTo) === 0 ? 0 : wordBytes) + ((flags & bits.replyToAuthor) === 0 ? 0 : wordBytes)
  return Snowflake.fromWords(wordAt(packed, at + 4), wordAt(packed, at) >>> 0) as PostId
}
