/** Free ports, and waiting until a server that was just started answers. */
import { Effect, type Scope } from "effect"
import { connect, createServer } from "node:net"
import { ServerError, type ServerProcess } from "./ServerProcess.ts"

/** Below the range that kernels hand to outgoing connections, so that a server can come back on its own port. */
const FIRST_PORT = 20_000
const LAST_PORT = 31_999
const PORT_ATTEMPTS = 20
const POLL_MS = 5
const PROBE_LIMIT_MS = 1000

/** A loopback port that nobody listens on at the moment. */
const findFreePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1))
    if (await isFree(port)) return port
  }
  throw new Error(`no free port found between ${FIRST_PORT} and ${LAST_PORT}`)
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(false))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)))
  })

/**
 * Starts a server on `port`, or on a free one. Between finding a free port and listening on it somebody else may take
 * it: then another is tried. A port that was asked for is never changed.
 */
export const onPort = <A>(
  name: string,
  port: number | undefined,
  start: (port: number) => Effect.Effect<A, ServerError, Scope.Scope>
): Effect.Effect<A, ServerError, Scope.Scope> => {
  if (port !== undefined) return start(port)
  const attempt = Effect.tryPromise({
    try: findFreePort,
    catch: (cause) => new ServerError({ server: name, reason: String(cause) })
  }).pipe(Effect.flatMap(start))
  return Effect.retry(attempt, { times: 5, while: isPortTaken })
}

const isPortTaken = (error: ServerError): boolean => /address already in use/i.test(error.output ?? "")

/**
 * Waits until `isReady` says so. Fails at once when the server ends before, or after `limitMs`.
 * Runs on the real clock, so tests that use it are `it.live`.
 */
export const awaitReady = (
  server: ServerProcess,
  isReady: () => Promise<boolean>,
  limitMs: number
): Effect.Effect<void, ServerError> => {
  const fail = (reason: string) =>
    Effect.suspend(() => Effect.fail(new ServerError({ server: server.name, reason, output: server.output() })))
  const poll = Effect.gen(function*() {
    while (!(yield* Effect.promise(isReady))) yield* Effect.sleep(POLL_MS)
  })
  return poll.pipe(
    Effect.raceFirst(Effect.flatMap(server.ended, (how) => fail(`ended before it was ready (${how})`))),
    Effect.timeoutOrElse({ duration: limitMs, orElse: () => fail(`was not ready within ${limitMs / 1000} s`) })
  )
}

/** Whether something on the loopback port answers `greeting` ("" to say nothing) with text that holds `expected`. */
export const answers = (port: number, greeting: string, expected: string): Promise<boolean> =>
  new Promise((resolve) => {
    let text = ""
    const socket = connect(port, "127.0.0.1")
    const finish = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(PROBE_LIMIT_MS, () => finish(false))
    socket.once("error", () => finish(false))
    socket.once("close", () => finish(false))
    socket.once("connect", () => socket.write(greeting))
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      if (text.includes(expected)) finish(true)
      else if (text.length > 4096 || text.endsWith("\n")) finish(false)
    })
  })
