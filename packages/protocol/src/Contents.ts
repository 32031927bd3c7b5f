/** Contents of posts on their way from their owner, and what of the announcement the asker does not have. */
import type { Content } from "@rookery/domain/Content"
import type { Datacenters } from "@rookery/domain/Datacenters"
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Asks from "./Asks.ts"
import * as Bytes from "./ByteCodec.ts"
import type * as Gossip from "./Gossip.ts"
import * as MediaCodec from "./MediaCodec.ts"

/** A post that is asked for, and its version as the asker knows it: 0 for a post that it does not know. */
export interface Want {
  readonly id: PostId
  readonly version: number
}

/** `later` are those that did not fit; what is in neither list is not there, or not for the asker. */
export interface Answer {
  readonly contents: ReadonlyArray<Content>
  readonly later: ReadonlyArray<PostId>
}

/** In one question. */
export const wantsMax = 200

const textBytesMax = 64 * 1024
const mentionsMax = 1_000
/** Of contents in one answer. */
const bytesMax = 300 * 1024

export const encodeWants = (wants: ReadonlyArray<Want>): Uint8Array => {
  const out = Bytes.writer(16 + wants.length * 12)
  Bytes.putNumber(out, wants.length)
  for (const { id, version } of wants) {
    Bytes.putId(out, id)
    Bytes.putNumber(out, version)
  }
  return Bytes.bytesOf(out)
}

const takeMany = <A>(from: Bytes.ByteReader, max: number, take: () => A): Array<A> => {
  const count = Bytes.takeNumber(from)
  if (count > max) throw new RangeError("too many in one message")
  return Array.from({ length: count }, take)
}

const takePost = (from: Bytes.ByteReader): PostId => Bytes.takeId(from) as PostId

/** Throws `RangeError` when they are none. */
export const decodeWants = (bytes: Uint8Array): ReadonlyArray<Want> => {
  const from = Bytes.reader(bytes)
  return takeMany(from, wantsMax, () => ({ id: takePost(from), version: Bytes.takeCount(from) }))
}

export const putContent = (out: Bytes.ByteWriter, { id, language, media, mentions, spoiler, text, version }: Content): void => {
  Bytes.putId(out, id)
  Bytes.putNumber(out, version)
  Bytes.putText(out, text)
  Bytes.putText(out, spoiler)
  Bytes.putText(out, language ?? "")
  Bytes.putNumber(out, mentions.length)
  for (const mention of mentions) {
    Bytes.putId(out, mention.id)
    Bytes.putText(out, mention.username)
  }
  MediaCodec.putAll(out, media)
}

export const takeContent = (from: Bytes.ByteReader): Content => {
  const id = takePost(from)
  const version = Bytes.takeCount(from)
  const text = Bytes.takeText(from, textBytesMax)
  const spoiler = Bytes.takeText(from, textBytesMax)
  const language = Bytes.takeText(from, textBytesMax)
  const mentions = takeMany(from, mentionsMax, () => ({
    id: Bytes.takeId(from) as AccountId,
    username: Bytes.takeText(from, textBytesMax)
  }))
  return { id, version, text, spoiler, language: language === "" ? null : language, mentions, media: MediaCodec.takeAll(from) }
}

/** Contents that fit; the ids of the others go to `later`. */
export const encodeAnswer = ({ contents, later }: Answer): Uint8Array => {
  const out = Bytes.writer(8 * 1024)
  const left: Array<PostId> = [...later]
  let count = 0
  for (const content of contents) {
    if (out.length < bytesMax) {
      putContent(out, content)
      count++
    } else left.push(content.id)
  }
  const head = Bytes.writer(64 + left.length * 8)
  Bytes.putNumber(head, left.length)
  for (const id of left) Bytes.putId(head, id)
  Bytes.putNumber(head, count)
  return Buffer.concat([Bytes.bytesOf(head), Bytes.bytesOf(out)])
}

/** Throws `RangeError` when it is none. */
export const decodeAnswer = (bytes: Uint8Array): Answer => {
  const from = Bytes.reader(bytes)
  const later = takeMany(from, wantsMax, () => takePost(from))
  const contents = takeMany(from, wantsMax, () => takeContent(from))
  if (!Bytes.isAtEnd(from)) throw new RangeError("the answer goes on after its end")
  return { contents, later }
}

/** An owner's answer: facts that the asker does not have, and contents. */
export const encodeTold = (origin: string, facts: ReadonlyArray<GossipFact>, answer: Answer): Uint8Array => {
  const told = Asks.encodeFacts(origin, facts)
  const head = Bytes.writer(8)
  Bytes.putNumber(head, told.length)
  return Buffer.concat([Bytes.bytesOf(head), told, encodeAnswer(answer)])
}

/** Throws `RangeError` when it is none. */
export const decodeTold = (
  datacenters: Datacenters,
  origin: number,
  bytes: Uint8Array
): { readonly facts: Gossip.Decoded; readonly answer: Answer } => {
  const from = Bytes.reader(bytes)
  const length = Bytes.takeNumber(from)
  if (from.at + length > bytes.length) throw new RangeError("the answer ends too early")
  const facts = Asks.decodeFacts(datacenters, origin, bytes.subarray(from.at, from.at + length))
  return { facts, answer: decodeAnswer(bytes.subarray(from.at + length)) }
}
