/**
 * Thousands of WebSockets at the least cost on this side, for it shares two cores with what it measures: the handshake by
 * hand, frames cut out of what comes, pings answered.
 */
import { Effect, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import { connect, type Socket } from "node:net"
import { until } from "../cluster/metrics.ts"
import { requireOpenFiles } from "../harness/openFiles.ts"

export interface Sockets {
  readonly count: number
  /** Sockets that ended by themselves. */
  readonly lost: () => number
}

export interface Target {
  readonly port: number
  /** Path and query of the socket with this index. */
  readonly path: (index: number) => string
  /** For each socket one. */
  readonly tokens: ReadonlyArray<string>
  /** Gets the payload of each text frame; it is good for the call alone. */
  readonly onText: (payload: Buffer) => void
}

/** Sockets on their way in at once: the front answers each only when the person's shard knows of them. */
const openingMax = 64
const openLimit = "60 seconds"
const openTries = 5

/** Ports of one address towards one server, with room to spare; further sockets come from 127.0.0.2 and so on. */
const portsOfAddress = 20_000

const opcodes = { text: 1, ping: 9 } as const

/** A pong with an empty mask, which is a mask. */
const pong = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x8a, 0x80 | payload.length, 0, 0, 0, 0]), payload])

/** Where the payload of the frame at `at` lies; undefined while its head is not all there. */
const bounds = (data: Buffer, at: number): { readonly from: number; readonly to: number } | undefined => {
  if (data.length < at + 2) return undefined
  const short = data[at + 1]! & 0x7f
  const from = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
  if (data.length < from) return undefined
  const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2))
  return { from, to: from + length }
}

/** Cuts frames out of what comes; a server's frames have no mask, and ours sends each message in one. */
const reader = (socket: Socket, onText: Target["onText"]) => {
  let rest: Buffer | undefined
  return (chunk: Buffer): void => {
    const data = rest === undefined ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (let found = bounds(data, at); found !== undefined && found.to <= data.length; found = bounds(data, at)) {
      const opcode = data[at]! & 0x0f
      const payload = data.subarray(found.from, found.to)
      if (opcode === opcodes.text) onText(payload)
      else if (opcode === opcodes.ping) socket.write(pong(payload))
      at = found.to
    }
    // What is left is copied, or it would hold the whole chunk.
    rest = at === data.length ? undefined : Buffer.from(data.subarray(at))
  }
}

const handshake = (host: string, path: string, token: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nAuthorization: Bearer ${token}\r\n\r\n`

const openOne = (target: Target, index: number, onLost: () => void): Effect.Effect<Socket, Error> =>
  Effect.callback((resume) => {
    const localAddress = `127.0.0.${1 + Math.floor(index / portsOfAddress)}`
    const socket = connect({ port: target.port, host: "127.0.0.1", localAddress, noDelay: true })
    const fail = (reason: string) => {
      socket.destroy()
      resume(Effect.fail(new Error(`a WebSocket was not let in: ${reason}`)))
    }
    socket.on("error", (error) => fail(String(error)))
    socket.once("data", (chunk) => {
      const end = chunk.indexOf("\r\n\r\n")
      if (end === -1 || !chunk.toString("latin1", 0, 12).startsWith("HTTP/1.1 101")) return fail(chunk.toString("latin1", 0, 200))
      const read = reader(socket, target.onText)
      socket.on("data", read).once("close", onLost)
      if (end + 4 < chunk.length) read(chunk.subarray(end + 4))
      resume(Effect.succeed(socket))
    })
    socket.write(handshake(`127.0.0.1:${target.port}`, target.path(index), target.tokens[index]!))
    return Effect.sync(() => socket.destroy())
  })

/** Where a front's streams are. */
export const streamOf = (frontUrl: string, stream: string): Pick<Target, "port" | "path"> => ({
  port: Number(new URL(frontUrl).port),
  path: () => `/api/v1/streaming?stream=${stream}`
})

/** Opens one socket for each token; all are open when it ends, and are closed with the scope. */
export const open = (target: Target) =>
  Effect.gen(function*() {
    yield* requireOpenFiles(target.tokens.length)
    let lost = 0
    let isClosing = false
    const onLost = () => {
      if (!isClosing) lost++
    }
    const sockets: Array<Socket> = []
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosing = true
        for (const socket of sockets) socket.destroy()
      })
    )
    const one = (index: number) =>
      openOne(target, index, onLost).pipe(
        Effect.timeout(openLimit),
        Effect.retry({ times: openTries, schedule: Schedule.exponential("100 millis") }),
        Effect.map((socket) => void sockets.push(socket))
      )
    yield* Effect.forEach(target.tokens.keys(), one, { concurrency: openingMax, discard: true })
    return { count: sockets.length, lost: () => lost } satisfies Sockets
  })

/** Waits until `received` stands at `expected`, or has not moved for some seconds. */
export const settled = (received: () => number, expected: () => number, quietSeconds: number) => {
  let last = -1
  let movedAt = performance.now()
  const look = Effect.sync(() => {
    const now = received()
    if (now !== last) movedAt = performance.now()
    last = now
    return now >= expected() || performance.now() - movedAt > quietSeconds * 1000
  })
  return until("the last frame", 300, 50, look)
}
