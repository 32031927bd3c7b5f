/** Writes answers and errors to Node's responses. */
import type { ServerResponse } from "node:http"
import { pipeline, type Readable } from "node:stream"
import type { Answer } from "./Answer.ts"
import * as Cors from "./Cors.ts"
import { type ApiError, bodyOf } from "./Errors.ts"
import * as PageBuffers from "./PageBuffers.ts"

const jsonType = "application/json; charset=utf-8"

const base: ReadonlyArray<string> = [...Cors.headers, "x-content-type-options", "nosniff"]

/** How long a client may take nothing of a stream, in milliseconds. */
const stalledMillisMax = 30_000

const sizeOf = ({ body, stream }: Answer): number =>
  stream !== undefined ? stream.size : typeof body === "string" ? Buffer.byteLength(body) : body.byteLength

/** A stream that breaks off ends the connection: the client sees that its length is not what was said. */
const send = (response: ServerResponse, bytes: Readable): void => {
  response.setTimeout(stalledMillisMax, () => response.destroy())
  pipeline(bytes, response, () => {})
}

/** Bytes that the kernel has taken all of are nobody's any more; those of a broken connection may still be somebody's. */
const end = (response: ServerResponse, { body, isSpent }: Answer, head: boolean): void => {
  if (head) return void response.end()
  if (isSpent !== true || typeof body === "string") return void response.end(body)
  response.end(body, (error?: Error | null) => {
    if (error === undefined || error === null) PageBuffers.give(body)
  })
}

/** Writes status, headers and body at once; `head` leaves the body out. Does nothing when the client has gone. */
export const answer = (response: ServerResponse, all: Answer, head: boolean): void => {
  const isGone = response.destroyed || response.headersSent
  if (!isGone) writeHead(response, all)
  if (all.stream === undefined) return isGone ? undefined : end(response, all, head)
  if (!isGone && !head) return send(response, all.stream.bytes)
  all.stream.bytes.destroy()
  if (!isGone) response.end()
}

const writeHead = (response: ServerResponse, answer: Answer): void => {
  const { cache, headers, link, status, type } = answer
  const size = sizeOf(answer)
  const all = [...base, "cache-control", cache ?? "private, no-store"]
  // What is not modified has the length that the client knows.
  if (status !== 304) all.push("content-type", type ?? jsonType, "content-length", String(size))
  if (link !== undefined) all.push("link", link)
  if (headers !== undefined) all.push(...headers)
  response.writeHead(status, all)
}

export const error = (response: ServerResponse, failure: ApiError, head: boolean): void => {
  const headers: Array<string> = []
  if (failure.retryAfter !== undefined) headers.push("retry-after", String(failure.retryAfter))
  if (failure.allow !== undefined) headers.push("allow", failure.allow)
  if (failure.status === 401) headers.push("www-authenticate", "Bearer realm=\"Rookery\"")
  if (failure.headers !== undefined) headers.push(...failure.headers)
  if (failure.close === true) headers.push("connection", "close")
  answer(response, { status: failure.status, body: bodyOf(failure), headers }, head)
}

export const preflight = (response: ServerResponse): void => {
  response.writeHead(204, Cors.preflight as Array<string>)
  response.end()
}

/** A request so broken that Node has no response for it. */
export const brokenRequest = (status: number, reason: string): string => {
  const body = JSON.stringify({ error: reason })
  return `HTTP/1.1 ${status} ${status === 431 ? "Request Header Fields Too Large" : status === 408 ? "Request Timeout" : "Bad Request"}\r\n` +
    `content-type: ${jsonType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}
