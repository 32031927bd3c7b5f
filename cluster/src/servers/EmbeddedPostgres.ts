/**
 * A real PostgreSQL from npm, run as a child process on a private loopback port, under an unprivileged user where we
 * are root. The same engine and SQL serve a laptop, the tests and a datacenter.
 */
import { makeFolder } from "@rookery/store/folder/makeFolder"
import { Effect, Schedule, type Scope } from "effect"
import { readFile, realpath } from "node:fs/promises"
import { join } from "node:path"
import { findPostgres, type PostgresBinaries } from "./postgresBinaries.ts"
import { claim, folderSeenFrom, initialise, readPassword, recover, serverUid, USER } from "./postgresFolder.ts"
import { awaitReady, onPort } from "./readiness.ts"
import { ServerError, type ServerProcess, spawn } from "./ServerProcess.ts"

export interface Options {
  /** Holds the data and the password; made if it is missing. One Rookery at a time uses it. */
  readonly folder: string
  /** A free one if left out. Give it to come back on the same port. */
  readonly port?: number | undefined
  /** The user to run as where we are root; 65534 ("nobody") if left out. Data that is there keeps its owner. */
  readonly uid?: number | undefined
  /** Server settings over the ones below, such as `{ fsync: "off" }` for tests. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres {
  /** With user and password; the database is `postgres`. */
  readonly url: string
  /**
   * The same by a Unix socket, which costs both sides less than loopback TCP; for processes of this machine that may enter the
   * folder. It is `url` where the folder's path is too long for one.
   */
  readonly socketUrl: string
  readonly port: number
  readonly pid: number
}

const NAME = "PostgreSQL"
const NOBODY = 65_534
/** After a crash the log is replayed first. */
const READY_LIMIT_MS = 120_000

/** Bytes of a Unix socket's path at most: what the kernel takes (108 on Linux, 104 elsewhere), less the end of the text. */
const SOCKET_PATH_MAX = 103

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  max_connections: "200",
  shared_buffers: "128MB",
  // A stopped process must not hold rows for ever: the server ends its transaction.
  idle_in_transaction_session_timeout: "10s",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_min_messages: "warning"
}

/** Starts PostgreSQL, making the data folder at first; it stops with the scope. */
export const start = Effect.fnUntraced(function*(options: Options) {
  const folder = yield* attempt(() => folderOf(options))
  yield* Effect.acquireRelease(attempt(() => claim(folder)), (release) => Effect.promise(release))
  const prepared = yield* attempt(() => prepare(folder, options))
  return yield* onPort(NAME, options.port, (port) => startOn(prepared, port))
})

interface Prepared {
  readonly folder: string
  readonly binaries: PostgresBinaries
  readonly uid: number | undefined
  readonly password: string
  readonly settings: Readonly<Record<string, string>>
}

const folderOf = async ({ folder }: Options): Promise<string> => {
  await makeFolder(folder)
  return realpath(folder)
}

const prepare = async (folder: string, options: Options): Promise<Prepared> => {
  const uid = await serverUid(folder, options.uid ?? NOBODY)
  const binaries = await findPostgres(folder, uid)
  await initialise(folder, binaries, uid)
  await recover(folder)
  const password = await readPassword(folder)
  return { folder, binaries, uid, password, settings: { ...SETTINGS, ...options.settings } }
}

const startOn = (prepared: Prepared, port: number): Effect.Effect<EmbeddedPostgres, ServerError, Scope.Scope> => {
  const url = `postgres://${USER}:${prepared.password}@127.0.0.1:${port}/postgres`
  const socketUrl = bySocket(url, join(prepared.folder, "data"), port)
  return launch(prepared, port).pipe(
    Effect.retry({ while: hasBackendsLeft, schedule: Schedule.spaced("200 millis"), times: 50 }),
    Effect.map((server) => ({ url, socketUrl, port, pid: server.pid }))
  )
}

/** As libpq reads it: a `host` that begins with a slash is the folder of the socket. */
const bySocket = (url: string, folder: string, port: number): string =>
  Buffer.byteLength(`${folder}/.s.PGSQL.${port}`) > SOCKET_PATH_MAX ? url : `${url}?host=${encodeURIComponent(folder)}`

const launch = Effect.fnUntraced(function*(prepared: Prepared, port: number) {
  const data = join(prepared.folder, "data")
  const settings = Object.entries({ unix_socket_directories: folderSeenFrom(data), ...prepared.settings, port: `${port}` })
  const server = yield* spawn({
    name: NAME,
    file: prepared.binaries.postgres,
    args: ["-D", folderSeenFrom(data), ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    cwd: data,
    env: { LC_ALL: "C" },
    uid: prepared.uid,
    stop: [["SIGINT", 10_000], ["SIGQUIT", 5000]]
  })
  yield* awaitReady(server, () => isReady(data, server), READY_LIMIT_MS)
  return server
})

/** Backends of a server that was killed go by themselves, but not at once. */
const hasBackendsLeft = (error: ServerError): boolean => /pre-existing shared memory block/.test(error.output ?? "")

/** PostgreSQL writes its state into line 8 of its lock file. */
const isReady = async (data: string, server: ServerProcess): Promise<boolean> => {
  const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n")
  return lines[0] === `${server.pid}` && lines[7]?.trim() === "ready"
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, ServerError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new ServerError({ server: NAME, reason: describe(cause) }) })

const describe = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  const output = "stderr" in cause ? String(cause.stderr).trim() : ""
  return output === "" ? cause.message : `${cause.message}\n${output}`
}
