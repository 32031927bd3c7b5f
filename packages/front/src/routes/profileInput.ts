/** What a person may change of their own account. */
import * as Limits from "@rookery/domain/Limits"
import type { ProfileChange, ProfileField } from "@rookery/store/AccountStore"
import { Effect, Schema } from "effect"
import { type ApiError, invalid } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Text from "../render/Text.ts"

/** Fields that are looked at: clients send empty ones too. */
const fieldsSentMax = 64

const FieldInput = Schema.Struct({ name: Schema.optionalKey(Input.Text), value: Schema.optionalKey(Input.Text) })

/** What is left out or null stays as it is. */
const mayBe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Flag = mayBe(Input.Flag)

export const decode = Input.decoder(Schema.Struct({
  display_name: mayBe(Input.Text),
  note: mayBe(Input.Text),
  locked: Flag,
  bot: Flag,
  discoverable: Flag,
  fields_attributes: mayBe(Schema.Union([Schema.Array(FieldInput), Schema.Record(Schema.String, FieldInput)])),
  source: mayBe(Schema.Struct({
    privacy: mayBe(Schema.Literals(["public", "unlisted", "private", "direct"])),
    sensitive: Flag,
    language: mayBe(Input.Text)
  }))
}))

type ProfileInput = Effect.Success<ReturnType<typeof decode>>

const tooLong = (what: string, max: number) => invalid(`Validation failed: ${what} is too long (maximum is ${max} characters)`)

/** `en` of `en-GB`; an empty one is none. Undefined for what is no language code. */
const languageOf = (code: string): string | null | undefined =>
  code === "" ? null : /^([a-z]{2,3})(-[a-z0-9]{2,8})*$/i.exec(code)?.[1]?.toLowerCase()

const fieldsOf = (given: NonNullable<ProfileInput["fields_attributes"]>): Effect.Effect<ReadonlyArray<ProfileField>, ApiError> => {
  const sent: ReadonlyArray<typeof FieldInput.Type> = Array.isArray(given) ? given : Object.values(given)
  if (sent.length > fieldsSentMax) return Effect.fail(invalid("Validation failed: Fields are too many"))
  const fields = sent.map(({ name = "", value = "" }) => ({ name: name.trim(), value: value.trim() }))
    .filter(({ name, value }) => name !== "" || value !== "")
  if (fields.length > Limits.profileFieldsMax) {
    return Effect.fail(invalid(`Validation failed: Fields are too many (maximum is ${Limits.profileFieldsMax})`))
  }
  if (fields.some(({ name }) => name === "")) return Effect.fail(invalid("Validation failed: Fields with values must have names"))
  const max = Limits.profileFieldCharactersMax
  return fields.every(({ name, value }) => Text.fits(name, max) && Text.fits(value, max))
    ? Effect.succeed(fields)
    : Effect.fail(tooLong("A field", max))
}

/** Only the properties that are there: a change leaves the others alone. */
const present = <A extends object>(values: A): { readonly [K in keyof A]?: Exclude<A[K], undefined | null> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as never

/** The change, checked. */
export const changeOf = (input: ProfileInput): Effect.Effect<ProfileChange, ApiError> =>
  Effect.gen(function*() {
    const { bot, discoverable, display_name, fields_attributes, locked, note, source } = input
    if (display_name && !Text.fits(display_name, Limits.displayNameMax)) {
      return yield* Effect.fail(tooLong("Display name", Limits.displayNameMax))
    }
    if (note && !Text.fits(note, Limits.noteMax)) return yield* Effect.fail(tooLong("Note", Limits.noteMax))
    const fields = fields_attributes ? yield* fieldsOf(fields_attributes) : undefined
    const language = source?.language ?? undefined
    const defaultLanguage = language === undefined ? undefined : languageOf(language)
    if (language !== undefined && defaultLanguage === undefined) {
      return yield* Effect.fail(invalid("Validation failed: Language is not a language code"))
    }
    return {
      ...present({ note, locked, bot, discoverable, fields, displayName: display_name?.trim() }),
      ...present({ defaultPrivacy: source?.privacy, defaultSensitive: source?.sensitive }),
      ...(defaultLanguage === undefined ? {} : { defaultLanguage })
    }
  })
