/** What goes wrong in a request, as the contract says it: a status and `{"error": …}`. */
import * as Outages from "@rookery/observe/Outages"
import { Schema } from "effect"

export class ApiError extends Schema.TaggedError<ApiError>()("ApiError", {
  status: Schema.Int,
  error: Schema.String,
  description: Schema.optionalKey(Schema.String),
  /** Per field, for sign-up. */
  details: Schema.optionalKey(Schema.Unknown),
  /** Seconds until it is worth asking again. */
  retryAfter: Schema.optionalKey(Schema.Int),
  /** Methods of the path, for a 405. */
  allow: Schema.optionalKey(Schema.String),
  /** Whether the connection must end with the answer, since the rest of the request is not read. */
  close: Schema.optionalKey(Schema.Boolean),
  /** More headers: name, value, name, value. */
  headers: Schema.optionalKey(Schema.Array(Schema.String))
}) {}

export const badRequest = (error: string) => new ApiError({ status: 400, error })

export const unauthorized = (error = "The access token is invalid") => new ApiError({ status: 401, error })

export const forbidden = (error = "This action is outside the authorized scopes") => new ApiError({ status: 403, error })

export const notFound = (error = "Record not found") => new ApiError({ status: 404, error })

export const invalid = (error: string, details?: unknown) =>
  new ApiError(details === undefined ? { status: 422, error } : { status: 422, error, details })

/** OAuth's own errors have a code and a sentence. */
export const oauthError = (status: number, error: string, description: string) =>
  new ApiError({ status, error, description })

const busy = { error: "The service is busy, try again shortly", retryAfter: 1 }
const databaseAway = { error: "The server cannot reach its database at the moment, try again shortly", retryAfter: 5 }

const whatIsWrong = () => Outages.isAway("Postgres") ? databaseAway : busy

/** As far as this process knows why, unless it is told. */
export const unavailable = (error = whatIsWrong().error, retryAfter = whatIsWrong().retryAfter) =>
  new ApiError({ status: 503, error, retryAfter })

const tooSlow = { error: "This took too long, try again shortly", retryAfter: 1 }

/** The connection ends with it: what was not sent in time is not waited for. */
export const timedOut = () =>
  new ApiError({ status: 503, ...(Outages.isAway("Postgres") ? databaseAway : tooSlow), close: true })

/** Headers that tell how much is left of what is allowed; `resetAt` in milliseconds since 1970. */
const rateLimitHeaders = (limit: number, remaining: number, resetAt: number): ReadonlyArray<string> => [
  "x-ratelimit-limit",
  String(limit),
  "x-ratelimit-remaining",
  String(remaining),
  "x-ratelimit-reset",
  new Date(resetAt).toISOString()
]

export const tooMany = (limit: number, resetAt: number) =>
  new ApiError({
    status: 429,
    error: "Too many requests",
    retryAfter: Math.max(1, Math.ceil((resetAt - Date.now()) / 1_000)),
    headers: rateLimitHeaders(limit, 0, resetAt)
  })

/** The JSON body of an error. */
export const bodyOf = (failure: ApiError): string =>
  JSON.stringify({
    error: failure.error,
    ...(failure.description === undefined ? {} : { error_description: failure.description }),
    ...(failure.details === undefined ? {} : { details: failure.details })
  })
