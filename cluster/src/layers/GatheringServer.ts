/** A server of TCP sockets whose answers of a turn go together: a group commit ends hundreds of calls at once. */
import { NodeSocket, NodeSocketServer } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import { SocketServer } from "effect/socket"
import { gatherWrites } from "./gatherWrites.ts"

export interface Address {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

/** A server runs the handler of a connection with the connection itself as a service. */
const gathered = Effect.map(Effect.serviceOption(NodeSocket.NetSocket), Option.map(gatherWrites))

/** Nagle's algorithm is off: what is not gathered here waits for nothing. */
export const layer = ({ host, port }: Address) =>
  Layer.effect(
    SocketServer.SocketServer,
    Effect.map(NodeSocketServer.make({ host, port, noDelay: true }), (server) =>
      SocketServer.SocketServer.of({
        ...server,
        run: (handler) => server.run((socket) => Effect.andThen(gathered, handler(socket)))
      }))
  )
