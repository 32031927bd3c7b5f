/**
 * The network between two datacenters, on one machine: a TCP proxy for the connections of one to a service of the
 * other, with the latency, the losses and the cuts that the way between them would have.
 */
import { Effect, type Scope } from "effect"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import * as Flow from "./LinkFlow.ts"

export interface Options {
  /** Where connections go on to; undefined while there is nothing: then they are closed. Asked at each connection. */
  readonly target: () => { readonly host: string; readonly port: number } | undefined
  readonly conditions: Conditions
  readonly random?: (() => number) | undefined
}

/** What the way is like; shared by all proxies of a pair, and changed while they run. */
export interface Conditions {
  /** From the caller's side to the target's, and back. */
  readonly forth: Flow.Way
  readonly back: Flow.Way
}

export interface LinkProxy {
  /** On loopback. */
  readonly port: number
}

/** More connections than this at once are refused. */
const connectionsMax = 1_024

/** Runs until the scope ends; then every connection is closed. */
export const start = (options: Options): Effect.Effect<LinkProxy, Error, Scope.Scope> =>
  Effect.map(Effect.acquireRelease(listen(options), ({ close }) => Effect.sync(close)), ({ server }) => ({
    port: (server.address() as AddressInfo).port
  }))

interface Listening {
  readonly server: Server
  readonly close: () => void
}

const listen = (options: Options): Effect.Effect<Listening, Error> =>
  Effect.callback((resume) => {
    const open = new Set<() => void>()
    // The end of one direction must not end the other.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (caller) => {
      const end = carry(options, caller, () => open.delete(end))
      open.add(end)
    })
    server.maxConnections = connectionsMax
    server.once("error", (error) => resume(Effect.fail(error)))
    const close = () => {
      server.close()
      for (const end of open) end()
    }
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, close })))
  })

/** Joins the caller to the target. Returns what ends both; `onEnd` is called when both have ended. */
const carry = (options: Options, caller: Socket, onEnd: () => void): () => void => {
  const { conditions, random = Math.random } = options
  const target = options.target()
  if (target === undefined) {
    caller.on("error", () => {})
    caller.destroy()
    queueMicrotask(onEnd)
    return () => {}
  }
  const called = connect({ ...target, allowHalfOpen: true, noDelay: true })
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    stopForth()
    stopBack()
    caller.destroy()
    called.destroy()
    onEnd()
  }
  // A reset crosses at once: it carries no data, and only shortens what would end anyway.
  for (const socket of [caller, called]) socket.on("error", end).on("close", end)
  const stopForth = Flow.pump(caller, called, conditions.forth, conditions.back, random)
  const stopBack = Flow.pump(called, caller, conditions.back, conditions.forth, random)
  return end
}
