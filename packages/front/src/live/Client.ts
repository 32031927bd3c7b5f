/** One open stream, WebSocket or server-sent events: who is behind it and what it listens to. Kept small, since there are tens of thousands. */
import * as Metrics from "@rookery/observe/Metrics"
import type { ServerResponse } from "node:http"
import type { WebSocket } from "ws"
import type { Account } from "../oauth/Identity.ts"
import * as Frames from "./Frames.ts"

export interface Client {
  readonly socket: WebSocket | ServerResponse
  readonly account: Account
  readonly tokenHash: string
  /** What the token covers of what streams need. */
  readonly mayStatuses: boolean
  readonly mayNotices: boolean
  /** Keys of its streams (Subscriptions.ts); most have one. */
  streams: string | ReadonlyArray<string>
  /** Answered, or took what was written, since the last sweep. */
  alive: boolean
  /** For a stream that reads on by itself: something came. Nothing is written to it then. */
  readonly wake: (() => void) | undefined
}

/** Codes that clients come back after, and one that says why they should not. */
export const closeCodes = { goingAway: 1001, policy: 1008, restart: 1012, tryAgainLater: 1013 } as const

/** The socket's own reference to its client, instead of a closure for each listener. */
const clientKey = Symbol("client")

type Owned = Client["socket"] & { [clientKey]?: Client }

export const own = (client: Client): void => {
  ;(client.socket as Owned)[clientKey] = client
}

export const ownerOf = (socket: Client["socket"]): Client | undefined => (socket as Owned)[clientKey]

const isWebSocket = (socket: Client["socket"]): socket is WebSocket => "ping" in socket

const isOpen = (socket: Client["socket"]): boolean =>
  isWebSocket(socket) ? socket.readyState === socket.OPEN : !socket.destroyed && !socket.writableEnded

const buffered = (socket: Client["socket"]): number => isWebSocket(socket) ? socket.bufferedAmount : socket.writableLength

const text = { binary: false } as const

const write = (client: Client, bytes: Buffer | string, bufferMax: number): void => {
  const { socket } = client
  if (!isOpen(socket)) return
  if (buffered(socket) > bufferMax) {
    drop(client, closeCodes.tryAgainLater, "slow")
    return
  }
  if (isWebSocket(socket)) socket.send(bytes, text)
  else socket.write(bytes)
  Metrics.streamEvents.value++
}

/** Sends one frame of a stream that it listens to; a client that does not read is dropped instead of waited for. */
export const send = (client: Client, frame: Frames.Frame, stream: string, bufferMax: number): void =>
  write(client, isWebSocket(client.socket) ? Frames.message(frame, stream) : Frames.serverSent(frame), bufferMax)

/** Answers a message of the client's own. */
export const answer = (client: Client, message: string, bufferMax: number): void => write(client, message, bufferMax)

/** Ends a connection that was told to close and has not. */
export const endIfClosing = (client: Client): void => {
  if (client.alive) return
  const { socket } = client
  if (isWebSocket(socket) ? socket.readyState === socket.CLOSING : socket.writableEnded && !socket.destroyed) terminate(client)
}

/** Ends the stream, with a code where there is one; if the other side does not answer, a sweep ends the connection. */
export const drop = (client: Client, code: number, reason: string): void => {
  const { socket } = client
  if (!isOpen(socket)) return
  client.alive = false
  if (isWebSocket(socket)) socket.close(code, reason)
  // What a slow reader of events left unread would keep the connection open: it is cut.
  else if (reason === "slow") socket.destroy()
  else socket.end()
  Metrics.streamsDropped.at(reason).value++
}

export const terminate = (client: Client): void => {
  if (isWebSocket(client.socket)) client.socket.terminate()
  else client.socket.destroy()
}

/** Asks for a sign of life, or ends a client that gave none since the last time. */
export const check = (client: Client): void => {
  const { socket } = client
  if (!client.alive) {
    Metrics.streamsDropped.at("idle").value++
    return terminate(client)
  }
  if (isWebSocket(socket)) {
    client.alive = false
    socket.ping()
    return
  }
  // Whatever was written by the last sweep must have left by this one.
  client.alive = socket.writableLength === 0
  if (client.alive && isOpen(socket)) socket.write(Frames.heartbeat)
}
