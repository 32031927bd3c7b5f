/**
 * A guard for the NATS client (3.4.0): when the server goes, its transport ends the socket and may still flush
 * what is pending. The write after the end is emitted as an error that nobody listens to, and would end the process.
 */
import type { NatsConnection } from "@nats-io/transport-node"

/** What of the client's inside is relied on. */
interface Transport {
  readonly socket?: { readonly writableEnded: boolean } | undefined
  _send(frame: Uint8Array): Promise<void>
}

const guarded = new WeakSet<object>()

export const transportOf = (connection: NatsConnection): Transport | undefined =>
  (connection as unknown as { readonly protocol?: { readonly transport?: Transport } }).protocol?.transport

/**
 * Makes every transport of this connection, also those of later reconnects, drop what it would write after the end; the
 * reconnect tells readers that something may be lost. False when the client is built otherwise and nothing was done.
 */
export const guard = (connection: NatsConnection): boolean => {
  const transport = transportOf(connection)
  const prototype = transport === undefined ? undefined : Object.getPrototypeOf(transport) as Transport | undefined
  if (prototype === undefined || typeof prototype._send !== "function") return false
  if (guarded.has(prototype)) return true
  const send = prototype._send
  prototype._send = function(this: Transport, frame) {
    return this.socket?.writableEnded === true ? Promise.resolve() : send.call(this, frame)
  }
  guarded.add(prototype)
  return true
}
