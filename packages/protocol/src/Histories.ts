/** The texts that a post had, on their way from its owner: asked for when somebody looks at them, and kept nowhere. */
import type { Version } from "@rookery/domain/Content"
import type { PostId } from "@rookery/domain/Ids"
import * as Bytes from "./ByteCodec.ts"
import * as MediaCodec from "./MediaCodec.ts"

const textBytesMax = 64 * 1024
const versionsMax = 100_000
/** Of the versions in one answer. */
const bytesMax = 300 * 1024

export const encodeQuestion = (id: PostId): Uint8Array => {
  const out = Bytes.writer(8)
  Bytes.putId(out, id)
  return Bytes.bytesOf(out)
}

/** Throws `RangeError` when it is none. */
export const decodeQuestion = (bytes: Uint8Array): PostId => {
  if (bytes.length !== 8) throw new RangeError("the id of a post is to be asked for")
  return Bytes.takeId(Bytes.reader(bytes)) as PostId
}

const encodeVersion = ({ at, media, sensitive, spoiler, text }: Version): Uint8Array => {
  const out = Bytes.writer(1024)
  Bytes.putNumber(out, at)
  Bytes.putByte(out, sensitive ? 1 : 0)
  Bytes.putText(out, text)
  Bytes.putText(out, spoiler)
  MediaCodec.putAll(out, media)
  return Bytes.bytesOf(out)
}

/** Oldest first. Of more than an answer holds, the oldest are left out; none says that there is no such post for the asker. */
export const encodeAnswer = (versions: ReadonlyArray<Version>): Uint8Array => {
  const parts: Array<Uint8Array> = []
  let size = 0
  for (const version of versions.toReversed()) {
    const part = encodeVersion(version)
    size += part.length
    if (size > bytesMax && parts.length > 0) break
    parts.push(part)
  }
  const head = Bytes.writer(8)
  Bytes.putNumber(head, parts.length)
  return Buffer.concat([Bytes.bytesOf(head), ...parts.toReversed()])
}

const takeVersion = (from: Bytes.ByteReader): Version => {
  const at = Bytes.takeNumber(from)
  const flag = Bytes.takeByte(from)
  if (flag > 1) throw new RangeError("unknown flags")
  return {
    at,
    sensitive: flag === 1,
    text: Bytes.takeText(from, textBytesMax),
    spoiler: Bytes.takeText(from, textBytesMax),
    media: MediaCodec.takeAll(from)
  }
}

/** Throws `RangeError` when it is none. */
export const decodeAnswer = (bytes: Uint8Array): ReadonlyArray<Version> => {
  const from = Bytes.reader(bytes)
  const count = Bytes.takeNumber(from)
  if (count > versionsMax) throw new RangeError("too many versions")
  const versions = Array.from({ length: count }, () => takeVersion(from))
  if (!Bytes.isAtEnd(from)) throw new RangeError("the answer goes on after its end")
  return versions
}
