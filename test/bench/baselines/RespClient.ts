/**
 * Redis's protocol at its cheapest: commands are bytes made beforehand, replies are only counted. A client
 * library would cost more than what it measures.
 */
import { connect, type Socket } from "node:net"

export interface RespClient {
  /** Sends commands that together are answered by `replies` lines without an array or a string among them; waits for all. */
  readonly send: (commands: Uint8Array, replies: number) => Promise<void>
  /** Sends one command and answers the raw reply. */
  readonly ask: (command: Uint8Array) => Promise<string>
  readonly close: () => void
}

/** One command as bytes. */
export const command = (...parts: ReadonlyArray<string | Uint8Array>): Buffer => {
  const pieces: Array<Uint8Array> = [Buffer.from(`*${parts.length}\r\n`)]
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part
    pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"))
  }
  return Buffer.concat(pieces)
}

interface Waiting {
  left: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const lineEnd = 10
const errorMark = 45

export const open = async (port: number): Promise<RespClient> => {
  const socket = await connected(port)
  const queue: Array<Waiting> = []
  let asking: ((reply: string) => void) | undefined
  let atLineStart = true
  const fail = (reason: string) => {
    for (const waiting of queue.splice(0)) waiting.reject(new Error(reason))
  }
  socket.on("error", (error) => fail(String(error)))
  socket.on("close", () => fail("Redis closed the connection"))
  socket.on("data", (chunk) => {
    if (asking !== undefined) {
      asking(chunk.toString("latin1"))
      asking = undefined
      return
    }
    for (let i = 0; i < chunk.length; i++) {
      if (atLineStart && chunk[i] === errorMark) return fail(chunk.subarray(i, i + 200).toString("latin1"))
      atLineStart = chunk[i] === lineEnd
      if (atLineStart && --queue[0]!.left === 0) queue.shift()!.resolve()
    }
  })
  return {
    send: (commands, replies) =>
      new Promise((resolve, reject) => {
        queue.push({ left: replies, resolve, reject })
        socket.write(commands)
      }),
    ask: (bytes) =>
      new Promise((resolve) => {
        asking = resolve
        socket.write(bytes)
      }),
    close: () => socket.destroy()
  }
}

const connected = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true })
    socket.once("connect", () => resolve(socket)).once("error", reject)
  })
