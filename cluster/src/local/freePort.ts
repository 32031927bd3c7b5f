/** A loopback port for a member. Its address must be known to it before it listens, so it cannot take port 0. */
import { Effect } from "effect"
import { createServer } from "node:net"

/** Below the range that kernels hand to outgoing connections, and above the servers', so that it stays free. */
const FIRST_PORT = 12_000
const LAST_PORT = 19_999
const ATTEMPTS_MAX = 50

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(false))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)))
  })

/** Ports handed out by this process: between finding one and the member's listening on it nobody else here gets it. */
const given = new Set<number>()

const find = async (): Promise<number> => {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1))
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port found between ${FIRST_PORT} and ${LAST_PORT}`)
}

export const findFreePort: Effect.Effect<number> = Effect.promise(find)

/** With the port that 0 stands for: the addresses that a front gives out name it before it listens. */
export const withPort = <C extends { readonly port: number }>(configuration: C): Effect.Effect<C> =>
  configuration.port === 0 ? Effect.map(findFreePort, (port) => ({ ...configuration, port })) : Effect.succeed(configuration)
