/** Sends a draft as it stands, whatever HTTP libraries think of it, and takes the answer within its time. */
import { request } from "node:http"
import type { Draft } from "./Draft.ts"

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
  /** What is said once the connection is a WebSocket. */
  readonly frames: Buffer
}

export interface Got {
  /** 0 when nothing came in time, and when the connection was cut. */
  readonly status: number
  readonly type: string
  readonly text: string
}

/** No answer may take longer, in milliseconds. */
const hangMillis = 20_000

const multipart = (entries: ReadonlyArray<readonly [string, unknown]>): Buffer =>
  Buffer.from(entries.map(([name, value]) =>
    `--x\r\ncontent-disposition: form-data; name=${JSON.stringify(name)}\r\n\r\n${asText(value)}\r\n`).join("") + "--x--\r\n")

const asText = (value: unknown): string => typeof value === "object" ? JSON.stringify(value) : String(value)

const form = (entries: ReadonlyArray<readonly [string, unknown]>): Buffer =>
  Buffer.from(new URLSearchParams(entries.map(([name, value]): [string, string] => [name, asText(value)])).toString())

const encoded = ({ body, encoding, raw }: Draft): { readonly type: string | undefined; readonly bytes: Buffer } | undefined => {
  if (raw !== undefined || body === undefined) return raw
  const entries = typeof body === "object" && body !== null ? Object.entries(body) : []
  if (encoding === "json") return { type: "application/json", bytes: Buffer.from(JSON.stringify(body)) }
  return encoding === "form"
    ? { type: "application/x-www-form-urlencoded", bytes: form(entries) }
    : { type: "multipart/form-data; boundary=x", bytes: multipart(entries) }
}

/**
 * What a request line cannot hold at all has no place in a client either. A server that cannot read the line does not
 * know of a `HEAD`, and answers with a body that breaks the connection.
 */
const unsendable = (method: string): RegExp => method === "HEAD" ? /[^\u0021-\u007e]/g : /[^\u0021-\u00ff]/g

export const finished = (draft: Draft, frames: Buffer): Sent => {
  const query = draft.rawQuery ?? new URLSearchParams(draft.query.map(([name, value]): [string, string] => [name, value])).toString()
  const content = encoded(draft)
  return {
    method: draft.method,
    path: `${draft.path}${query === "" ? "" : `?${query}`}`.replaceAll(unsendable(draft.method), "%20").slice(0, 12_000),
    headers: {
      ...(content?.type === undefined ? {} : { "content-type": content.type }),
      ...(content === undefined ? {} : { "content-length": String(content.bytes.length) }),
      ...draft.headers
    },
    body: content?.bytes,
    frames
  }
}

const nothing: Got = { status: 0, type: "", text: "" }

/** The whole answer; of one that does not end, its head and first bytes. */
export const send = (base: string, { body, frames, headers, method, path }: Sent): Promise<Got> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(base)
    const out = request({ hostname, port, method, path, headers, setHost: headers["host"] === undefined, agent: false })
    const timer = setTimeout(() => finish({ ...nothing, text: `nothing came in ${hangMillis} ms` }), hangMillis)
    const finish = (got: Got): void => {
      clearTimeout(timer)
      resolve(got)
      out.destroy()
    }
    out.on("response", (response) => {
      const chunks: Array<Buffer> = []
      const type = response.headers["content-type"] ?? ""
      const isDone = () => finish({ status: response.statusCode!, type, text: Buffer.concat(chunks).toString("utf8") })
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        if (type.startsWith("text/event-stream")) isDone()
      })
      response.on("end", isDone)
      response.on("error", isDone)
    })
    out.on("upgrade", (response, socket) => {
      const isDone = () => finish({ ...nothing, status: response.statusCode! })
      socket.on("data", isDone)
      socket.on("close", isDone)
      socket.on("error", isDone)
      // Nothing more comes: also half a frame has its end.
      socket.end(frames)
    })
    out.on("error", (error) => finish({ ...nothing, text: String(error) }))
    out.end(body)
  })
