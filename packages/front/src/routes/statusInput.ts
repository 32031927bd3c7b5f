/** What a client sends to write or change a status. */
import type { PostDraft } from "@rookery/domain/Post"
import { visibilities } from "@rookery/domain/Post"
import type { AccountRow } from "@rookery/store/AccountStore"
import { Effect, Schema } from "effect"
import { type ApiError, invalid } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Text from "../render/Text.ts"
import * as MediaInput from "./mediaInput.ts"

const mayBe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Visibility = Schema.Union([Schema.Literals(visibilities), Schema.Literal("")])

export const decodeStatus = Input.decoder(Schema.Struct({
  status: mayBe(Input.Text),
  in_reply_to_id: Input.MaybeId,
  sensitive: mayBe(Input.Flag),
  spoiler_text: mayBe(Input.Text),
  visibility: mayBe(Visibility),
  language: mayBe(Input.Text),
  ...MediaInput.Attached,
  poll: mayBe(Schema.Unknown),
  scheduled_at: mayBe(Schema.Unknown),
  quoted_status_id: mayBe(Schema.Unknown)
}))

export type StatusInput = Effect.Success<ReturnType<typeof decodeStatus>>

type Defaults = Pick<AccountRow, "defaultPrivacy" | "defaultSensitive" | "defaultLanguage">

/** What the client left open, as the author prefers it. */
export const withDefaults = (input: StatusInput, defaults: Defaults | undefined): StatusInput =>
  defaults === undefined ? input : {
    ...input,
    visibility: input.visibility || defaults.defaultPrivacy,
    sensitive: input.sensitive ?? (defaults.defaultSensitive || null),
    language: input.language || defaults.defaultLanguage
  }

/** `en` of `en-GB`; null for what is no language code. */
const languageOf = (code: string | null | undefined): string | null =>
  /^([a-z]{2,3})(-[a-z0-9]{2,8})*$/i.exec(code ?? "")?.[1]?.toLowerCase() ?? null

const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.some(isGiven) : value !== undefined && value !== null && value !== ""

/** What Rookery does not do yet is refused, not dropped. */
const unsupported = ({ poll, quoted_status_id, scheduled_at }: StatusInput): string | undefined => {
  if (isGiven(poll)) return "Polls are not supported"
  if (isGiven(scheduled_at)) return "Scheduled posts are not supported"
  return isGiven(quoted_status_id) ? "Quotes are not supported" : undefined
}

export type Written = Pick<PostDraft, "text" | "spoiler" | "sensitive" | "visibility" | "language">

/** The text and its flags, checked. A content warning alone becomes the text; with pictures there need be none. */
export const written = (input: StatusInput, charactersMax: number, hasMedia: boolean): Effect.Effect<Written, ApiError> => {
  const refusal = unsupported(input)
  if (refusal !== undefined) return Effect.fail(invalid(`Validation failed: ${refusal}`))
  const given = input.status ?? ""
  const isBlank = given.trim() === ""
  const isWarningOnly = isBlank && !hasMedia
  const text = isWarningOnly ? input.spoiler_text ?? "" : given
  const spoiler = isWarningOnly ? "" : input.spoiler_text ?? ""
  if (text.trim() === "" && !hasMedia) return Effect.fail(invalid("Validation failed: Text can't be blank"))
  if (!Text.fits(spoiler + text, charactersMax)) {
    return Effect.fail(invalid(`Validation failed: Text character limit of ${charactersMax} exceeded`))
  }
  return Effect.succeed({
    text,
    spoiler,
    sensitive: input.sensitive ?? spoiler !== "",
    visibility: input.visibility || "public",
    language: languageOf(input.language)
  })
}
