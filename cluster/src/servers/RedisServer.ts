/** A private Redis on loopback. What Rookery keeps there can be rebuilt, so nothing is written to disk. */
import { makeFolder } from "@rookery/store/folder/makeFolder"
import { Effect, type Scope } from "effect"
import { type Program, requireServer } from "./debian.ts"
import { answers, awaitReady, onPort } from "./readiness.ts"
import { ServerError, spawn } from "./ServerProcess.ts"

export interface Options {
  /** The server's working folder; made if it is missing. */
  readonly folder: string
  /** A free one if left out. Give it to come back on the same port. */
  readonly port?: number | undefined
  /** Where the binary is; found on this machine if left out. */
  readonly program?: Program | undefined
  /** Further arguments, such as `--maxmemory`. */
  readonly args?: ReadonlyArray<string>
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
}

const READY_LIMIT_MS = 15_000

/** Starts a Redis that stops with the scope. */
export const start = (options: Options): Effect.Effect<RedisServer, ServerError, Scope.Scope> =>
  onPort("Redis", options.port, (port) => startOn(options, port))

const startOn = Effect.fnUntraced(function*(options: Options, port: number) {
  const program = options.program ?? (yield* requireServer("redis-server"))
  yield* Effect.tryPromise({
    try: () => makeFolder(options.folder),
    catch: (cause) => new ServerError({ server: "Redis", reason: String(cause) })
  })
  const server = yield* spawn({
    name: "Redis",
    file: program.file,
    args: ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", ".", "--save", "", "--appendonly", "no",
      ...(options.args ?? [])],
    cwd: options.folder,
    env: program.env,
    stop: [["SIGTERM", 5000]]
  })
  yield* awaitReady(server, () => answers(port, "PING\r\n", "+PONG"), READY_LIMIT_MS)
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid }
})
