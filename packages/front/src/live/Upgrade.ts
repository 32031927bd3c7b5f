/** Lets a stream in, WebSocket or server-sent events: path, token, stream. */
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { authorize, tokenOf } from "../http/Authorize.ts"
import { type ApiError, badRequest, bodyOf, notFound, unauthorized, unavailable } from "../http/Errors.ts"
import * as Fields from "../http/Fields.ts"
import { type Access, person } from "../http/Route.ts"
import type { Identity } from "../oauth/Identity.ts"
import * as Scopes from "../oauth/Scopes.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import * as StreamNames from "./StreamNames.ts"

export interface Admitted {
  readonly identity: Identity
  /** The stream named in the address, if any. */
  readonly stream: string | undefined
}

export interface Address {
  readonly path: string
  readonly fields: Fields.Fields
}

export const addressOf = (request: IncomingMessage): Address => {
  const url = request.url ?? "/"
  const mark = url.indexOf("?")
  const path = mark === -1 ? url : url.slice(0, mark)
  return {
    path: path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path,
    fields: Fields.ofQuery(mark === -1 ? "" : url.slice(mark + 1))
  }
}

export const root = "/api/v1/streaming"

/** The token may also come as the subprotocol, since browsers can set no other header. */
const protocolToken = (request: IncomingMessage): string | undefined =>
  request.headers["sec-websocket-protocol"]?.split(",")[0]?.trim()

/** Whoever names no stream yet needs a token for some. */
const anyStream = person("read:statuses")

/** Who opens the stream. */
export const identify = (
  tokens: Tokens,
  request: IncomingMessage,
  fields: Fields.Fields,
  access: Access
): Effect.Effect<Identity, ApiError | StoreError> => {
  const token = tokenOf(request.headers, fields) ?? protocolToken(request)
  return Effect.flatMap(
    authorize(tokens, access, { authorization: `Bearer ${token ?? ""}` }, Fields.empty),
    (identity) => identity === undefined ? Effect.fail(unauthorized()) : Effect.succeed(identity)
  )
}

const textOf = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined

/** The stream that the path names (`…/user/notification`), else the query. */
const namedIn = ({ fields, path }: Address): string | undefined =>
  path === root ? textOf(fields["stream"]) : path.slice(root.length + 1).replaceAll("/", ":")

/** Fails with the answer that the client gets instead of a stream. */
export const admit = (tokens: Tokens, request: IncomingMessage): Effect.Effect<Admitted, ApiError | StoreError> =>
  Effect.suspend((): Effect.Effect<Admitted, ApiError | StoreError> => {
    const address = addressOf(request)
    if (address.path !== root && !address.path.startsWith(`${root}/`)) return Effect.fail(notFound("Not found"))
    const name = namedIn(address)
    const stream = name === undefined ? undefined : StreamNames.parse(name, textOf(address.fields["tag"]))
    if (name !== undefined && stream === undefined) {
      if (StreamNames.isKnown(name)) return Effect.fail(badRequest("Missing tag name"))
      return Effect.fail(address.path === root ? badRequest("Unknown stream type") : notFound("Not found"))
    }
    const access = stream === undefined ? anyStream : person(StreamNames.scopeOf(stream))
    return Effect.map(identify(tokens, request, address.fields, access), (identity) => ({ identity, stream }))
  })

/** What a client with this token may listen to. */
export const coverage = ({ scopes }: Identity) => ({
  mayStatuses: Scopes.covers(scopes, "read:statuses"),
  mayNotices: Scopes.covers(scopes, "read:notifications")
})

const phrases: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  422: "Unprocessable Content",
  503: "Service Unavailable",
  508: "Loop Detected"
}

export const asAnswer = (error: ApiError | StoreError): ApiError => error._tag === "ApiError" ? error : unavailable()

/** The whole answer to a WebSocket that is not let in; the body is left out of an answer to a `HEAD`. */
export const refusal = (error: ApiError | StoreError, method: string | undefined): string => {
  const failure = asAnswer(error)
  const body = bodyOf(failure)
  const retry = failure.retryAfter === undefined ? "" : `retry-after: ${failure.retryAfter}\r\n`
  return `HTTP/1.1 ${failure.status} ${phrases[failure.status] ?? "Error"}\r\ncontent-type: application/json; charset=utf-8\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n${retry}connection: close\r\n\r\n${method === "HEAD" ? "" : body}`
}
