/** Pictures of posts as bytes. Where their objects are, their keys say, so no address travels. */
import type { MediaId } from "@rookery/domain/Ids"
import * as Media from "@rookery/domain/Media"
import * as Bytes from "./ByteCodec.ts"
import { flagsOf, takeFlags } from "./FlagCodec.ts"

/** Pictures of one post, and bytes of one text, at most: more than the product lets anybody send. */
const manyMax = 64
const textBytesMax = 64 * 1024

const putSize = (out: Bytes.ByteWriter, { height, width }: Media.Size): void => {
  Bytes.putNumber(out, width)
  Bytes.putNumber(out, height)
}

const put = (out: Bytes.ByteWriter, media: Media.Media): void => {
  const { blurhash, description, extension, focus, id, original, small, stem } = media
  Bytes.putId(out, id)
  Bytes.putByte(out, flagsOf(extension === "jpg", description !== null, focus !== null))
  Bytes.putText(out, stem)
  putSize(out, original)
  putSize(out, small)
  Bytes.putText(out, blurhash)
  if (description !== null) Bytes.putText(out, description)
  if (focus !== null) {
    Bytes.putFloat(out, focus.x)
    Bytes.putFloat(out, focus.y)
  }
}

/** Nothing but a key of ours may become a part of an address. */
const takeStem = (from: Bytes.ByteReader, extension: Media.Media["extension"]): string => {
  const stem = Bytes.takeText(from, textBytesMax)
  if (!Media.isKey(Media.keyOf(stem, "original", extension))) throw new RangeError("no key of a picture")
  return stem
}

/** Of pictures: there is no ratio of nothing. */
const takeSide = (from: Bytes.ByteReader): number => {
  const side = Bytes.takeCount(from)
  if (side === 0) throw new RangeError("a picture without pixels")
  return side
}

const takeSize = (from: Bytes.ByteReader): Media.Size => ({ width: takeSide(from), height: takeSide(from) })

const take = (from: Bytes.ByteReader): Media.Media => {
  const id = Bytes.takeId(from) as MediaId
  const [isJpg, isDescribed, isFocused] = takeFlags(from, 3)
  const extension = isJpg === true ? "jpg" : "webp"
  return {
    id,
    extension,
    stem: takeStem(from, extension),
    original: takeSize(from),
    small: takeSize(from),
    blurhash: Bytes.takeText(from, textBytesMax),
    description: isDescribed === true ? Bytes.takeText(from, textBytesMax) : null,
    focus: isFocused === true ? { x: Bytes.takeFloat(from), y: Bytes.takeFloat(from) } : null
  }
}

export const putAll = (out: Bytes.ByteWriter, media: ReadonlyArray<Media.Media>): void => {
  Bytes.putNumber(out, media.length)
  for (const one of media) put(out, one)
}

/** Throws `RangeError` when there are none that could be. */
export const takeAll = (from: Bytes.ByteReader): ReadonlyArray<Media.Media> => {
  const count = Bytes.takeNumber(from)
  if (count > manyMax) throw new RangeError("too many pictures")
  return Array.from({ length: count }, () => take(from))
}
