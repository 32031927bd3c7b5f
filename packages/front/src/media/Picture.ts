/**
 * Pictures as people send them become pictures as we keep them: decoded, turned upright, scaled down, and encoded anew
 * without anything that was written beside the pixels (place, camera, author). What cannot be decoded as one of five
 * formats is no picture, whatever its name and type say.
 */
import type { Size } from "@rookery/domain/Media"
import { encode as blurhashOf } from "blurhash"
import { Effect, Schema } from "effect"
import sharp, { type Metadata, type Sharp } from "sharp"

/** Not a picture of a kind that we take, or one with more pixels than we take; `reason` is for people. */
export class NotAPicture extends Schema.TaggedError<NotAPicture>()("NotAPicture", { reason: Schema.String }) {}

export interface Encoded {
  readonly bytes: Uint8Array
  readonly size: Size
}

/** A picture for a post. */
export interface Prepared {
  readonly extension: "jpg" | "webp"
  readonly original: Encoded
  readonly small: Encoded
  readonly blurhash: string
}

/** As clients name them. */
export const mimeTypes: ReadonlyArray<string> = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"]

/** By the decoder's names. `heif` is AVIF here: nothing else of that family can be decoded. */
const formats: ReadonlyArray<string> = ["jpeg", "png", "gif", "webp", "heif"]

/** Pixels of what is kept, at most: 4K, and enough for a preview. Frames of what moves, together, as `pixelsMax` below. */
const originalPixels = 3_840 * 2_160
const smallPixels = 640 * 360
const hashPixels = 32

/** Frames of a picture that moves, and its pixels, at most: all frames are in memory at once. */
const framesMax = 300
const sideMax = 16_383

const avatarSize = { width: 400, height: 400 }
const headerSize = { width: 1_500, height: 500 }

const quality = { jpg: 86, webp: 86, moving: 75 }

// One thread for each picture: how many are worked on at once, the gate decides (Gallery.ts). Nothing is seen twice.
sharp.concurrency(1)
sharp.cache(false)
// Decoders that are not listed do not run, also where a format hides in another.
sharp.block({ operation: ["VipsForeignLoad"] })
sharp.unblock({
  operation: ["Jpeg", "Png", "Webp", "Nsgif", "Heif"].map((name) => `VipsForeignLoad${name}`)
})

const refuse = (reason: string) => new NotAPicture({ reason })
const undecodable = () => refuse("The file is not a picture of a supported type")

/** Seconds of one encoding, at most. */
const secondsMax = 30

const open = (input: Uint8Array, pixelsMax: number, animated = false): Sharp =>
  sharp(input, { limitInputPixels: pixelsMax, failOn: "error", sequentialRead: true, animated }).timeout({ seconds: secondsMax })

/** As it is seen: upright, one frame. */
const sizeOf = (metadata: Metadata): Size => {
  const { height, width } = metadata.autoOrient
  return { width, height: metadata.pageHeight ?? height }
}

/** By the head alone, which says how many pixels there would be. */
const inspect = async (input: Uint8Array, pixelsMax: number): Promise<Metadata> => {
  const metadata = await sharp(input, { limitInputPixels: false }).metadata().catch(() => undefined)
  if (metadata === undefined || !formats.includes(metadata.format)) throw undecodable()
  const { height, width } = sizeOf(metadata)
  const frames = metadata.pages ?? 1
  if (width > sideMax || height > sideMax || width * height * frames > pixelsMax || frames > framesMax) {
    throw refuse(`The picture has too many pixels (maximum is ${pixelsMax}, over all frames)`)
  }
  return metadata
}

/** The size at which a picture has at most so many pixels. */
const fit = ({ height, width }: Size, pixels: number): Size => {
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)))
  return { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) }
}

const encodeAs = (picture: Sharp, extension: "jpg" | "webp", moves: boolean): Sharp =>
  extension === "jpg"
    ? picture.jpeg({ quality: quality.jpg, progressive: true })
    : picture.webp({ quality: moves ? quality.moving : quality.webp, effort: moves ? 2 : 4 })

/** Colours as all screens know them; profiles go with the rest of what is beside the pixels. */
const output = async (picture: Sharp, extension: "jpg" | "webp", moves = false): Promise<Encoded> => {
  const { data, info } = await encodeAs(picture.toColourspace("srgb"), extension, moves).toBuffer({ resolveWithObject: true })
  return { bytes: data, size: { width: info.width, height: info.pageHeight ?? info.height } }
}

const hashOf = async (small: Encoded): Promise<string> => {
  const { data, info } = await sharp(small.bytes).resize(hashPixels, hashPixels, { fit: "inside" }).ensureAlpha().raw()
    .toBuffer({ resolveWithObject: true })
  return blurhashOf(new Uint8ClampedArray(data), info.width, info.height, 4, 4)
}

/** Photographs stay what they are; drawings, what is transparent and what moves become WebP. */
const extensionOf = ({ format, hasAlpha }: Metadata, moves: boolean): "jpg" | "webp" =>
  (format === "jpeg" || format === "heif") && !hasAlpha && !moves ? "jpg" : "webp"

const prepareNow = async (input: Uint8Array, pixelsMax: number): Promise<Prepared> => {
  const metadata = await inspect(input, pixelsMax)
  const moves = (metadata.pages ?? 1) > 1 && metadata.format !== "heif"
  const extension = extensionOf(metadata, moves)
  const seen = sizeOf(metadata)
  const resized = (pixels: number, animated: boolean) =>
    open(input, pixelsMax, animated).autoOrient().resize({ ...fit(seen, pixels), fit: "fill" })
  const original = await output(resized(originalPixels, moves), extension, moves)
  const small = await output(resized(smallPixels, false), extension)
  return { extension, original, small, blurhash: await hashOf(small) }
}

const cropNow = async (input: Uint8Array, pixelsMax: number, size: Size): Promise<Encoded> => {
  await inspect(input, pixelsMax)
  return output(open(input, pixelsMax).autoOrient().resize({ ...size, fit: "cover", position: "attention" }), "webp")
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, NotAPicture> =>
  // Whatever the decoder stumbles over half-way is a broken file.
  Effect.tryPromise({ try: run, catch: (cause) => cause instanceof NotAPicture ? cause : undecodable() })

/** Takes one core for up to some seconds; not to be run without a bound on how many. */
export const prepare = (input: Uint8Array, pixelsMax: number): Effect.Effect<Prepared, NotAPicture> =>
  attempt(() => prepareNow(input, pixelsMax))

/** A picture of a profile, cut to its shape; of what moves the first frame. */
export const crop = (input: Uint8Array, pixelsMax: number, which: "avatar" | "header"): Effect.Effect<Encoded, NotAPicture> =>
  attempt(() => cropNow(input, pixelsMax, which === "avatar" ? avatarSize : headerSize))
