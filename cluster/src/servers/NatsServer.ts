/** A private NATS server on loopback, with JetStream kept in a folder. */
import { makeFolder } from "@rookery/store/folder/makeFolder"
import { Effect, type Scope } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Program, requireServer } from "./debian.ts"
import { configuration, type NatsLinks } from "./natsLinks.ts"
import { answers, awaitReady, onPort } from "./readiness.ts"
import { ServerError, spawn } from "./ServerProcess.ts"

export interface Options {
  /** JetStream's store; made if it is missing. */
  readonly folder: string
  /** A free one if left out. Give it to come back on the same port. */
  readonly port?: number | undefined
  /** Where the binary is; found on this machine if left out. */
  readonly program?: Program | undefined
  /** Further arguments. */
  readonly args?: ReadonlyArray<string>
  /** Joins it to the servers of other datacenters. */
  readonly links?: NatsLinks | undefined
}

export interface NatsServer {
  readonly url: string
  readonly port: number
  readonly pid: number
}

const READY_LIMIT_MS = 15_000

/** Starts a NATS server that stops with the scope. */
export const start = (options: Options): Effect.Effect<NatsServer, ServerError, Scope.Scope> =>
  onPort("NATS", options.port, (port) => startOn(options, port))

const startOn = Effect.fnUntraced(function*(options: Options, port: number) {
  const program = options.program ?? (yield* requireServer("nats-server"))
  yield* Effect.tryPromise({
    try: () => prepare(options),
    catch: (cause) => new ServerError({ server: "NATS", reason: String(cause) })
  })
  const server = yield* spawn({
    name: "NATS",
    file: program.file,
    args: ["--addr", "127.0.0.1", "--port", `${port}`, ...storeArguments(options), ...(options.args ?? [])],
    cwd: options.folder,
    env: program.env,
    stop: [["SIGTERM", 10_000]]
  })
  // The server greets first; JetStream is told of in the greeting only once it is up.
  yield* awaitReady(server, () => answers(port, "", "\"jetstream\":true"), READY_LIMIT_MS)
  return { url: `nats://127.0.0.1:${port}`, port, pid: server.pid }
})

const CONFIG = "links.conf"

/** The file holds passwords. */
const prepare = async ({ folder, links }: Options): Promise<void> => {
  await makeFolder(folder)
  if (links !== undefined) await writeFile(join(folder, CONFIG), configuration(links, "."), { mode: 0o600 })
}

const storeArguments = ({ links }: Options): ReadonlyArray<string> =>
  links === undefined ? ["--jetstream", "--store_dir", "."] : ["--config", CONFIG]
