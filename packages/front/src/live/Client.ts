/** One open WebSocket: who is behind it and what it listens to. Kept small, since there are tens of thousands. */
import * as Metrics from "@rookery/observe/Metrics"
import type { WebSocket } from "ws"
import type { Account } from "../oauth/Identity.ts"

export interface Client {
  readonly socket: WebSocket
  readonly account: Account
  readonly tokenHash: string
  /** Listens to the stream `user`. */
  user: boolean
  /** Answered since the last ping. */
  alive: boolean
}

/** Codes that clients come back after, and one that says why they should not. */
export const closeCodes = { goingAway: 1001, policy: 1008, restart: 1012, tryAgainLater: 1013 } as const

/** The socket's own reference to its client, instead of a closure for each listener. */
const clientKey = Symbol("client")

export type Owned = WebSocket & { [clientKey]?: Client }

export const own = (client: Client): void => {
  ;(client.socket as Owned)[clientKey] = client
}

export const ownerOf = (socket: WebSocket): Client | undefined => (socket as Owned)[clientKey]

const text = { binary: false } as const

/** Sends one frame; a client that does not read is dropped instead of waited for. */
export const send = (client: Client, frame: Buffer | string, bufferMax: number): void => {
  const { socket } = client
  if (socket.readyState !== socket.OPEN) return
  if (socket.bufferedAmount > bufferMax) {
    drop(client, closeCodes.tryAgainLater, "slow")
    return
  }
  socket.send(frame, text)
  Metrics.streamEvents.value++
}

/** Asks whether the other side is there; it is not when it has not answered the last time. */
export const ping = (client: Client): void => {
  if (!client.alive) return client.socket.terminate()
  client.alive = false
  if (client.socket.readyState === client.socket.OPEN) client.socket.ping()
}

/** Ends a connection that was told to close and has not. */
export const endIfClosing = ({ alive, socket }: Client): void => {
  if (!alive && socket.readyState === socket.CLOSING) socket.terminate()
}

/** Closes with a code; if the other side does not answer, a sweep ends the connection. */
export const drop = (client: Client, code: number, reason: string): void => {
  if (client.socket.readyState !== client.socket.OPEN) return
  client.alive = false
  client.socket.close(code, reason)
  Metrics.streamsDropped.at(reason).value++
}
