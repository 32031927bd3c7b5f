/** What a client says of a picture. */
import type { Focus, MediaEdit } from "@rookery/domain/Media"
import * as Limits from "@rookery/domain/Limits"
import { MediaId } from "@rookery/domain/Ids"
import { Effect, Schema } from "effect"
import { type ApiError, invalid } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Text from "../render/Text.ts"

export const About = {
  description: Schema.optionalKey(Schema.NullOr(Input.Text)),
  focus: Schema.optionalKey(Schema.NullOr(Input.Text))
}

type AboutInput = Schema.Struct.Type<typeof About>

/** `0.5,-1`; beyond the edge means the edge. An empty text takes the focus away. */
const focusOf = (text: string): Effect.Effect<Focus | null, ApiError> => {
  if (text.trim() === "") return Effect.succeed(null)
  const [x = NaN, y = NaN, ...more] = text.split(",").map(Number)
  const isPoint = Number.isFinite(x) && Number.isFinite(y) && more.length === 0
  const within = (value: number) => Math.max(-1, Math.min(1, value))
  return isPoint
    ? Effect.succeed({ x: within(x), y: within(y) })
    : Effect.fail(invalid("Validation failed: Focus must be two numbers with a comma between them"))
}

/** Only what was said; an empty description is none. */
export const aboutOf = ({ description, focus }: AboutInput): Effect.Effect<Omit<MediaEdit, "id">, ApiError> =>
  Effect.gen(function*() {
    if (description && !Text.fits(description, Limits.mediaDescriptionMax)) {
      return yield* Effect.fail(invalid(`Validation failed: Description is too long (maximum is ${Limits.mediaDescriptionMax} characters)`))
    }
    return {
      ...(description === undefined ? {} : { description: description?.trim() || null }),
      ...(focus === undefined ? {} : { focus: focus === null ? null : yield* focusOf(focus) })
    }
  })

/** Clients send an empty text for none. */
const IdOrNone = Schema.Union([Schema.Literal(""), Input.Id])

/** Ids that are looked at: repeated ones count once. */
const idsSentMax = 100

const Attributes = Schema.Struct({ id: Input.Id, ...About })

export const Attached = {
  media_ids: Schema.optionalKey(Schema.NullOr(Input.listOf(IdOrNone, idsSentMax))),
  media_attributes: Schema.optionalKey(Schema.NullOr(Schema.Union([
    Schema.Array(Attributes).check(Schema.isMaxLength(idsSentMax)),
    Schema.Record(Schema.String, Attributes)
  ])))
}

type AttachedInput = Schema.Struct.Type<typeof Attached>

/** The pictures that a status shall carry, in order; undefined when the client said nothing of them. */
export const idsOf = ({ media_ids }: AttachedInput): Effect.Effect<ReadonlyArray<MediaId> | undefined, ApiError> => {
  if (media_ids === undefined || media_ids === null) return Effect.succeed(undefined)
  const given = Input.asList<bigint | "">(media_ids).flatMap((id) => id === "" ? [] : [MediaId.make(id)])
  const ids = [...new Set(given)]
  return ids.length > Limits.mediaPerPostMax
    ? Effect.fail(invalid(`Validation failed: Cannot attach more than ${Limits.mediaPerPostMax} files`))
    : Effect.succeed(ids)
}

/** The pictures of an edited status with what is said anew of each; undefined when all stays as it is. */
export const editsOf = (
  input: AttachedInput,
  carried: ReadonlyArray<MediaId>
): Effect.Effect<ReadonlyArray<MediaEdit> | undefined, ApiError> =>
  Effect.gen(function*() {
    const attributes = Object.values(input.media_attributes ?? {})
    const ids = (yield* idsOf(input)) ?? (attributes.length === 0 ? undefined : carried)
    if (ids === undefined) return undefined
    const said = new Map(attributes.map((one) => [one.id, one]))
    return yield* Effect.forEach(ids, (id) => Effect.map(aboutOf(said.get(id) ?? {}), (about): MediaEdit => ({ id, ...about })))
  })
