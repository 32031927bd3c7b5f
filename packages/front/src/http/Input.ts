/** The types of parameters, as lenient as clients need and no more, and their decoding. */
import * as Limits from "@rookery/domain/Limits"
import { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { CursorQuery } from "@rookery/store/FollowStore"
import { type Effect, Exit, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { type ApiError, invalid, notFound } from "./Errors.ts"
import type { Fields } from "./Fields.ts"

/** Text that Postgres can hold: without NUL, and with whole surrogate pairs. */
export const Text = Schema.String.pipe(Schema.decodeTo(
  Schema.String,
  SchemaTransformation.transform({
    decode: (text) => (text.includes("\0") ? text.replaceAll("\0", "") : text).toWellFormed(),
    encode: (text) => text
  })
))

const truths = ["true", "1", "on", "yes", "t"]
const falsehoods = ["false", "0", "off", "no", "f", ""]

/** A boolean, as JSON or as forms say it. */
export const Flag = Schema.Union([Schema.Boolean, Schema.Literals([0, 1]), Schema.Literals([...truths, ...falsehoods])])
  .pipe(Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transform<boolean, boolean | 0 | 1 | string>({
      decode: (value) => typeof value === "string" ? truths.includes(value) : value === true || value === 1,
      encode: (value) => value
    })
  ))

const isIdText = (value: string | number) => Snowflake.parse(String(value)) !== undefined

/** An id, as a decimal string or (from some clients) as a number. */
export const Id = Schema.Union([Schema.String, Schema.Number])
  .check(Schema.makeFilter((value) => isIdText(value) || "expected an id"))
  .pipe(Schema.decodeTo(
    Schema.BigInt,
    SchemaTransformation.transform<bigint, string | number>({
      decode: (value) => BigInt(value),
      encode: (value) => value.toString()
    })
  ))

/** An id that may be left out, null or empty. */
export const MaybeId = Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Literal(""), Id])))

/** Above which id a page lies: some programs page upwards from 0, which is below every id. */
const LowerBound = Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Literals(["", "0", 0]), Id])))

/** Undefined for what was left out, and for 0, which is no id. */
export const idOf = (value: bigint | string | number | null | undefined): bigint | undefined =>
  typeof value === "bigint" ? value : undefined

/** Below every id of a post, and yet a bound: a page right above it is asked for, not the newest. */
const lowest = 1n

/** One value or a list of them, at most `max`. */
export const listOf = <S extends Schema.Constraint>(item: S, max: number) =>
  Schema.Union([Schema.Array(item).check(Schema.isMaxLength(max)), item])

export const asList = <A>(value: A | ReadonlyArray<A> | undefined): ReadonlyArray<A> =>
  value === undefined ? [] : Array.isArray(value) ? value as ReadonlyArray<A> : [value as A]

const WholeNumber = Schema.Union([Schema.Int, Schema.String.check(Schema.isPattern(/^[0-9]{1,9}$/))])

/** Parameters of a page of posts. */
export const Paging = {
  max_id: MaybeId,
  since_id: LowerBound,
  min_id: LowerBound,
  limit: Schema.optionalKey(WholeNumber)
}

export interface PageBounds {
  readonly maxId: bigint | undefined
  readonly sinceId: bigint
  readonly minId: bigint
  readonly limit: number
}

type PagingInput = Schema.Struct.Type<typeof Paging>

const isZero = (value: unknown): boolean => value === 0 || value === "0"

/** `limit` is cut to what is allowed, as clients expect. */
export const pageBounds = (input: PagingInput, standard = Limits.pageDefault, most = Limits.pageMax): PageBounds => ({
  maxId: idOf(input.max_id),
  sinceId: idOf(input.since_id) ?? 0n,
  minId: idOf(input.min_id) ?? (isZero(input.min_id) ? lowest : 0n),
  limit: input.limit === undefined ? standard : Math.min(most, Math.max(1, Math.trunc(Number(input.limit))))
})

/** Parameters of lists that are paged by how many to leave out. */
export const Offsets = { limit: Schema.optionalKey(WholeNumber), offset: Schema.optionalKey(WholeNumber) }

export const offsetBounds = (input: Schema.Struct.Type<typeof Offsets>, standard: number, most: number) => ({
  limit: pageBounds(input, standard, most).limit,
  offset: Math.max(0, Math.trunc(Number(input.offset ?? 0)))
})

/** The same for lists that are paged by a cursor of their own. */
export const cursorQuery = (input: PagingInput, standard = Limits.pageDefault, most = Limits.pageMax): CursorQuery => {
  const { limit, maxId, sinceId } = pageBounds(input, standard, most)
  const minId = idOf(input.min_id) ?? 0n
  const after = minId > sinceId ? minId : sinceId
  return { before: maxId, after: after > 0n ? after : undefined, limit }
}

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const describe = (issue: SchemaIssue.Issue): ApiError => {
  const first = issuesOf(issue).issues[0]
  const path = (first?.path ?? []).map(String).join(".")
  const message = (first?.message ?? "not as expected").replaceAll(/\s+/g, " ").slice(0, 200)
  return invalid(`Validation failed: ${path === "" ? "" : `${path}: `}${message}`)
}

/** Makes the decoder of a request's fields; compile it once, beside its route. Fails with 422 and the field at fault. */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownExit(schema)
  return (fields: Fields): Effect.Effect<S["Type"], ApiError> => {
    const exit = decode(fields)
    if (Exit.isSuccess(exit)) return Exit.succeed(exit.value)
    const failure = Exit.findErrorOption(exit)
    return Exit.fail(failure._tag === "Some" ? describe(failure.value.issue) : invalid("Validation failed"))
  }
}

/** The id in a path; whatever is no id names nothing. */
export const postId = (text: string): Exit.Exit<PostId, ApiError> => {
  const id = Snowflake.parse(text)
  return id === undefined ? Exit.fail(notFound()) : Exit.succeed(PostId.make(id))
}

export const accountId = (text: string): Exit.Exit<AccountId, ApiError> => {
  const id = Snowflake.parse(text)
  return id === undefined ? Exit.fail(notFound()) : Exit.succeed(AccountId.make(id))
}
