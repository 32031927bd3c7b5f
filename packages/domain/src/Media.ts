/** Pictures that posts carry, and what is known of each. */
import { Schema } from "effect"
import { MediaId } from "./Ids.ts"

/** Pixels of one stored form. */
export const Size = Schema.Struct({ width: Schema.Int, height: Schema.Int })
export type Size = typeof Size.Type

/** The point that matters most, from -1 to 1 in both directions; (0, 0) is the middle, (-1, 1) top left. */
export const Focus = Schema.Struct({ x: Schema.Number, y: Schema.Number })
export type Focus = typeof Focus.Type

/** As a post carries it. Where its objects are, their keys say; see {@link keyOf}. */
export const Media = Schema.Struct({
  id: MediaId,
  /** Of the objects, without form and extension; nobody can guess it. */
  stem: Schema.String,
  extension: Schema.Literals(["jpg", "webp"]),
  original: Size,
  small: Size,
  blurhash: Schema.String,
  description: Schema.NullOr(Schema.String),
  focus: Schema.NullOr(Focus)
})
export type Media = typeof Media.Type

/** A picture that an edited post carries; what is left out of it stays as it is. */
export const MediaEdit = Schema.Struct({
  id: MediaId,
  description: Schema.optionalKey(Schema.NullOr(Schema.String)),
  focus: Schema.optionalKey(Schema.NullOr(Focus))
})
export type MediaEdit = typeof MediaEdit.Type

const isSameFocus = (one: Focus | null, other: Focus | null): boolean => one?.x === other?.x && one?.y === other?.y

/** Whether a post that carries `media` has already all that an edit asks for. */
export const isCarried = (media: ReadonlyArray<Media>, edits: ReadonlyArray<MediaEdit>): boolean =>
  media.length === edits.length && media.every((one, i) => {
    const { description = one.description, focus = one.focus, id } = edits[i]!
    return id === one.id && description === one.description && isSameFocus(focus, one.focus)
  })

/** `original`, and `small` for previews, of what posts carry; `avatar` and `header` of profiles. */
export type Form = "original" | "small" | "avatar" | "header"

const secret = /^[0-9a-f]{32}$/
const key = /^[0-9a-f]{2}\/[0-9]{1,19}-[0-9a-f]{32}-(?:original|small|avatar|header)\.(jpg|webp)$/

/** `random` is 32 hexadecimal digits. The first two spread the objects over folders. */
export const stemOf = (id: bigint, random: string): string => {
  if (!secret.test(random)) throw new Error("the random part of a key is 32 hexadecimal digits")
  return `${random.slice(0, 2)}/${id}-${random}`
}

/** The name under which an object is stored and served. */
export const keyOf = (stem: string, form: Form, extension: Media["extension"]): string => `${stem}-${form}.${extension}`

/** Whether a text is a key as {@link keyOf} makes them: nothing else ever names an object. */
export const isKey = (text: string): boolean => key.test(text)

/** Whose picture a key names: the id that it was made with. */
export const idOf = (key: string): bigint => BigInt(/\d+/.exec(key.slice(3))?.[0] ?? "0")

/** By the extension, which is ours: what clients said of the file is never asked. */
export const typeOf = (name: string): string => name.endsWith(".jpg") ? "image/jpeg" : "image/webp"

/** Objects never change under their key. */
export const cacheControl = "public, max-age=31536000, immutable"
