/** A TCP relay on loopback, for tests of what happens to requests when the way to another datacenter breaks. */
import { Effect } from "effect"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

export interface Relay {
  readonly url: string
  /** Where connections go from now on. */
  readonly aim: (port: number) => void
  /** `refuse`: connections end at once; `hang`: they are taken, and nothing comes back. Those that are open end. */
  readonly set: (state: "open" | "refuse" | "hang") => void
  /** Nothing comes back any more on the connections that are open, and nobody is told. */
  readonly stall: () => void
  /** Open connections. */
  readonly size: () => number
}

export const make = Effect.acquireRelease(
  Effect.callback<Relay & { readonly end: () => void }>((resume) => {
    const sockets = new Set<Socket>()
    const targets = new Set<Socket>()
    let port = 0
    let state: "open" | "refuse" | "hang" = "open"
    const hold = (socket: Socket) => {
      sockets.add(socket)
      socket.on("error", () => socket.destroy())
    }
    const server = createServer((client) => {
      if (state === "refuse") return void client.destroy()
      hold(client)
      client.on("close", () => sockets.delete(client))
      if (state === "hang") return
      const target = connect(port, "127.0.0.1")
      hold(target)
      targets.add(target)
      client.pipe(target).pipe(client)
      client.on("close", () => target.destroy())
      target.on("close", () => {
        sockets.delete(target)
        targets.delete(target)
        client.destroy()
      })
    })
    const cutAll = () => sockets.forEach((socket) => socket.destroy())
    server.listen(0, "127.0.0.1", () =>
      resume(Effect.succeed({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        aim: (to) => void (port = to),
        set: (to) => {
          state = to
          cutAll()
        },
        stall: () => targets.forEach((target) => target.unpipe().pause()),
        size: () => sockets.size,
        end: () => {
          cutAll()
          server.close()
        }
      })))
  }),
  (relay) => Effect.sync(relay.end)
)
