/**
 * One keep-alive HTTP/1.1 connection, one request at a time, at the least cost a request: the load generator
 * shares two cores with what it measures. Reads bodies with a length and chunked ones.
 */
import { connect, type Socket } from "node:net"

export interface HttpAnswer {
  readonly status: number
  readonly body: Buffer
}

export interface HttpConnection {
  /** Sends a whole request, as bytes; exactly one may be under way. `onAnswer` gets undefined when the connection broke. */
  readonly send: (request: Buffer, onAnswer: (answer: HttpAnswer | undefined) => void) => void
  readonly close: () => void
}

/** A whole request. */
export const request = (method: string, path: string, host: string, token: string, json = ""): Buffer =>
  Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n` +
      (json === "" ? "\r\n" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`)
  )

const headEnd = Buffer.from("\r\n\r\n")

/** The answer at the start of `data` and how many bytes it takes; undefined while it is not all there. */
const parse = (data: Buffer): { readonly answer: HttpAnswer; readonly end: number } | undefined => {
  const end = data.indexOf(headEnd)
  if (end < 0) return undefined
  const head = data.toString("latin1", 0, end)
  const status = Number(head.slice(9, 12))
  const bodyAt = end + 4
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head)) return parseChunks(data, bodyAt, status)
  const bodyEnd = bodyAt + Number(length ?? 0)
  return data.length < bodyEnd ? undefined : { answer: { status, body: data.subarray(bodyAt, bodyEnd) }, end: bodyEnd }
}

const parseChunks = (data: Buffer, from: number, status: number) => {
  const chunks: Array<Buffer> = []
  let at = from
  while (true) {
    const lineEnd = data.indexOf("\r\n", at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(data.toString("latin1", at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (!(data.length >= next)) return undefined
    if (size === 0) return { answer: { status, body: Buffer.concat(chunks) }, end: next }
    chunks.push(data.subarray(lineEnd + 2, next - 2))
    at = next
  }
}

/** Connects at once; a request before that waits in the socket. After a break it connects again for the next request. */
export const open = (port: number): HttpConnection => {
  let socket: Socket | undefined
  let received: Buffer = Buffer.alloc(0)
  let waiting: ((answer: HttpAnswer | undefined) => void) | undefined

  const settle = (answer: HttpAnswer | undefined): void => {
    const told = waiting
    waiting = undefined
    told?.(answer)
  }

  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const parsed = parse(received)
    if (parsed === undefined) return
    received = received.subarray(parsed.end)
    settle(parsed.answer)
  }

  const start = (): Socket => {
    const made = connect({ port, host: "127.0.0.1", noDelay: true })
    received = Buffer.alloc(0)
    made.on("data", onData)
    // An error is followed by "close", which tells the one who waits.
    made.on("error", () => {})
    made.on("close", () => {
      if (socket !== made) return
      socket = undefined
      settle(undefined)
    })
    return made
  }

  return {
    send: (bytes, onAnswer) => {
      waiting = onAnswer
      socket ??= start()
      socket.write(bytes)
    },
    close: () => socket?.destroy()
  }
}
