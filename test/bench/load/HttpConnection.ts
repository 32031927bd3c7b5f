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

/** The answer in `data`; undefined while it is not all there. */
const parse = (data: Buffer): HttpAnswer | undefined => {
  const end = data.indexOf(headEnd)
  if (end < 0) return undefined
  const head = data.toString("latin1", 0, end)
  const status = Number(head.slice(9, 12))
  const bodyAt = end + headEnd.length
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head)) return parseChunks(data, bodyAt, status)
  const bodyEnd = bodyAt + Number(length ?? 0)
  return data.length < bodyEnd ? undefined : { status, body: data.subarray(bodyAt, bodyEnd) }
}

const parseChunks = (data: Buffer, from: number, status: number): HttpAnswer | undefined => {
  const chunks: Array<Buffer> = []
  let at = from
  while (true) {
    const lineEnd = data.indexOf("\r\n", at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(data.toString("latin1", at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (!(data.length >= next)) return undefined
    if (size === 0) return { status, body: Buffer.concat(chunks) }
    chunks.push(data.subarray(lineEnd + 2, next - 2))
    at = next
  }
}

/** What is read at once at most. */
const readBytes = 64 * 1024

/**
 * Connects at once; a request before that waits in the socket. After a break it connects again for the next request. Reads
 * into one buffer for as long as the connection lasts: an answer's body is good until the next request.
 */
export const open = (port: number): HttpConnection => {
  const buffer = Buffer.allocUnsafe(readBytes)
  let socket: Socket | undefined
  /** The beginning of an answer that did not come at once. */
  let received: Buffer | undefined
  let waiting: ((answer: HttpAnswer | undefined) => void) | undefined

  const settle = (answer: HttpAnswer | undefined): void => {
    const told = waiting
    waiting = undefined
    told?.(answer)
  }

  const onData = (length: number): boolean => {
    const chunk = buffer.subarray(0, length)
    const data = received === undefined ? chunk : Buffer.concat([received, chunk])
    const parsed = parse(data)
    if (parsed === undefined) {
      received = received === undefined ? Buffer.from(chunk) : data
      return true
    }
    // Exactly one request is under way, so that nothing follows its answer.
    received = undefined
    settle(parsed)
    return true
  }

  const start = (): Socket => {
    const made = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer, callback: onData } })
    received = undefined
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
