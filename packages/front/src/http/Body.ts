/** Request bodies: JSON, url-encoded forms and multipart, read whole, up to a limit. */
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { ApiError, badRequest } from "./Errors.ts"
import * as Fields from "./Fields.ts"
import * as Json from "./Json.ts"

export const hasBody = (request: IncomingMessage): boolean => {
  const length = request.headers["content-length"]
  return (length !== undefined && length !== "0") || request.headers["transfer-encoding"] !== undefined
}

const tooLarge = new ApiError({ status: 413, error: "The body is too large", close: true })

const encoded = new ApiError({ status: 415, error: "Send the body as it is, without a content encoding" })
const notUtf8 = new ApiError({ status: 415, error: "Send the body in UTF-8" })

/** ASCII is UTF-8 too. */
const charsets: ReadonlySet<string | undefined> = new Set([undefined, "utf-8", "utf8", "us-ascii"])
const charsetPattern = /;\s*charset\s*=\s*"?([^\s;"]*)/

/** Why a body is not read: it would be taken for something that it is not. Undefined if it may be. */
export const refusalOf = ({ headers }: IncomingMessage): ApiError | undefined => {
  const encoding = headers["content-encoding"]
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") return encoded
  return charsets.has(charsetPattern.exec((headers["content-type"] ?? "").toLowerCase())?.[1]) ? undefined : notUtf8
}

/** The body and its fields. Fails with 400 (malformed), 413 (over `bytesMax`) or 415 (another content type, charset or encoding). */
export const read = (
  request: IncomingMessage,
  bytesMax: number
): Effect.Effect<{ readonly bytes: Buffer; readonly fields: Fields.Fields }, ApiError> =>
  Effect.suspend(() => {
    const refusal = refusalOf(request)
    if (refusal !== undefined) return Effect.fail(refusal)
    return Effect.flatMap(readBytes(request, bytesMax), (bytes) =>
      Effect.map(parse(bytes, request.headers["content-type"] ?? ""), (fields) => ({ bytes, fields })))
  })

const readBytes = (request: IncomingMessage, bytesMax: number): Effect.Effect<Buffer, ApiError> =>
  Number(request.headers["content-length"] ?? 0) > bytesMax
    ? Effect.fail(tooLarge)
    : Effect.callback((resume) => {
      const chunks: Array<Buffer> = []
      let size = 0
      request.on("data", (chunk: Buffer) => {
        size += chunk.length
        if (size <= bytesMax) chunks.push(chunk)
        else {
          request.removeAllListeners("data")
          request.pause()
          resume(Effect.fail(tooLarge))
        }
      })
      request.on("end", () => resume(Effect.succeed(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))))
      request.on("error", () => resume(Effect.fail(badRequest("The body was cut short"))))
    })

const parse = (bytes: Buffer, contentType: string): Effect.Effect<Fields.Fields, ApiError> => {
  const type = contentType.split(";", 1)[0]!.trim().toLowerCase()
  if (bytes.length === 0) return Effect.succeed(Fields.empty)
  if (type === "application/json" || type.endsWith("+json")) return parseJson(bytes)
  if (type === "multipart/form-data") return parseMultipart(bytes, contentType)
  if (type === "application/x-www-form-urlencoded" || type === "") {
    return Effect.succeed(Fields.ofQuery(bytes.toString("utf8")))
  }
  return Effect.fail(new ApiError({ status: 415, error: "Send JSON, a url-encoded form or multipart/form-data" }))
}

const parseJson = (bytes: Buffer): Effect.Effect<Fields.Fields, ApiError> =>
  Effect.suspend(() => {
    const value = Json.parseLossless(bytes.toString("utf8"))
    if (value === null) return Effect.succeed(Fields.empty)
    return typeof value === "object" && !Array.isArray(value)
      ? Effect.succeed(value as Fields.Fields)
      : Effect.fail(badRequest("The body must be a JSON object"))
  }).pipe(Effect.catchDefect(() => Effect.fail(badRequest("The body is not valid JSON"))))

/** Node's own parser of forms; files are left out, since nothing here takes any. */
const parseMultipart = (bytes: Buffer, contentType: string): Effect.Effect<Fields.Fields, ApiError> =>
  Effect.tryPromise({
    try: () => new Response(new Uint8Array(bytes), { headers: { "content-type": contentType } }).formData(),
    catch: () => badRequest("The multipart body is malformed")
  }).pipe(Effect.map((form) => Fields.collect([...form].filter(([, value]) => typeof value === "string"))))
