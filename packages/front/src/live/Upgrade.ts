/** Lets a WebSocket in: path, token, limits. */
import { Effect } from "effect"
import type { StoreError } from "@rookery/store/StoreError"
import type { IncomingMessage } from "node:http"
import { type ApiError, badRequest, bodyOf, notFound, unauthorized, unavailable } from "../http/Errors.ts"
import { authorize, tokenOf } from "../http/Authorize.ts"
import * as Fields from "../http/Fields.ts"
import { person } from "../http/Route.ts"
import type { Identity } from "../oauth/Identity.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import { isStream } from "./Messages.ts"

export interface Admitted {
  readonly identity: Identity
  /** The stream named in the address, if any. */
  readonly stream: string | undefined
}

const path = /^\/api\/v1\/streaming(\/user)?\/?$/

/** The token may also come as the subprotocol, since browsers can set no other header. */
const protocolToken = (request: IncomingMessage): string | undefined =>
  request.headers["sec-websocket-protocol"]?.split(",")[0]?.trim()

const access = person("read:statuses")

/** Fails with the answer that the client gets instead of a WebSocket. */
export const admit = (tokens: Tokens, request: IncomingMessage): Effect.Effect<Admitted, ApiError | StoreError> =>
  Effect.suspend((): Effect.Effect<Admitted, ApiError | StoreError> => {
    const url = request.url ?? "/"
    const mark = url.indexOf("?")
    const matched = path.exec(mark === -1 ? url : url.slice(0, mark))
    if (matched === null) return Effect.fail(notFound("Not found"))
    const fields = Fields.ofQuery(mark === -1 ? "" : url.slice(mark + 1))
    const named = fields["stream"] ?? (matched[1] === undefined ? undefined : "user")
    if (named !== undefined && !(typeof named === "string" && (named === "" || isStream(named)))) return Effect.fail(badRequest("Unknown stream type"))
    const token = tokenOf(request.headers, fields) ?? protocolToken(request)
    return Effect.flatMap(
      authorize(tokens, access, { authorization: `Bearer ${token ?? ""}` }, Fields.empty),
      (identity) => identity === undefined ? Effect.fail(unauthorized()) : Effect.succeed({ identity, stream: named || undefined })
    )
  })

const phrases: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  422: "Unprocessable Content",
  503: "Service Unavailable"
}

export type Refusal = ApiError | StoreError

/** The whole answer to a client that is not let in. */
export const refusal = (error: Refusal): string => {
  const failure = error._tag === "ApiError" ? error : unavailable()
  const body = bodyOf(failure)
  const retry = failure.retryAfter === undefined ? "" : `retry-after: ${failure.retryAfter}\r\n`
  return `HTTP/1.1 ${failure.status} ${phrases[failure.status] ?? "Error"}\r\ncontent-type: application/json; charset=utf-8\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n${retry}connection: close\r\n\r\n${body}`
}
