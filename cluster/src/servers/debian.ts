/**
 * Redis and NATS binaries: the machine's own, or else Debian's packages unpacked into a cache folder.
 *
 * Packages are downloaded with apt's lists and archives in folders of ours and unpacked with `dpkg -x`: this needs no
 * root, changes nothing of the system, and starts no system service on a default port.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdir, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { findBinary } from "./binaries.ts"
import { ServerError } from "./ServerProcess.ts"

export type ServerName = "redis-server" | "nats-server"

/** A binary and the variables that it needs. */
export interface Program {
  readonly file: string
  readonly env: Readonly<Record<string, string>>
}

const run = promisify(execFile)
const DOWNLOAD_LIMIT_MS = 300_000
/** Beside the dependencies, where caches of tools are: it goes when they go. */
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/rookery/debian", import.meta.url))
const BINARY_FOLDERS = ["usr/bin", "usr/sbin"].map((folder) => join(CACHE, folder))

/** Finds a server's binary without installing anything. */
const locateServer = async (name: ServerName): Promise<Program | undefined> => {
  const file = findBinary(name, BINARY_FOLDERS)
  if (file === undefined) return undefined
  return file.startsWith(CACHE) ? { file, env: { LD_LIBRARY_PATH: (await libraryFolders()).join(":") } } : { file, env: {} }
}

const libraryFolders = async (): Promise<Array<string>> => {
  const folders = await Promise.all(["usr/lib", "lib"].map(async (base) => {
    const entries = await readdir(join(CACHE, base), { withFileTypes: true }).catch(() => [])
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(CACHE, base, entry.name))
  }))
  return folders.flat()
}

/** A server's binary; fails with what to install when there is none. */
export const requireServer = (name: ServerName): Effect.Effect<Program, ServerError> =>
  Effect.promise(() => locateServer(name)).pipe(
    Effect.flatMap((program) => program === undefined ? Effect.fail(missing([name], "not on this machine")) : Effect.succeed(program))
  )

/** Makes sure of every server named, fetching Debian's packages for those that are missing. `say` gets progress. */
export const ensureServers = Effect.fnUntraced(function*(
  names: ReadonlyArray<ServerName>,
  say: (line: string) => void
) {
  const found = yield* Effect.promise(() => Promise.all(names.map(locateServer)))
  const absent = names.filter((_, index) => found[index] === undefined)
  if (absent.length === 0) return
  if (findBinary("apt-get") === undefined || findBinary("dpkg") === undefined) {
    return yield* Effect.fail(missing(absent, "not on this machine, which has no apt to get them with"))
  }
  say(`Fetching ${absent.join(" and ")} from Debian (nothing is installed on the system)`)
  yield* Effect.tryPromise({
    // The cache is made anew, so it must hold all that the machine itself does not have.
    try: () => fetchPackages(names.filter((name) => findBinary(name) === undefined)),
    catch: (cause) => missing(absent, `not on this machine, and Debian's packages could not be fetched: ${describe(cause)}`)
  })
  yield* Effect.forEach(absent, requireServer, { discard: true })
})

const missing = (names: ReadonlyArray<ServerName>, reason: string): ServerError =>
  new ServerError({
    server: names.join(", "),
    reason: `${reason}. Install with: sudo apt-get install ${names.join(" ")}` +
      " (elsewhere: put these programs into PATH), then run this again"
  })

const fetchPackages = async (names: ReadonlyArray<ServerName>): Promise<void> => {
  const work = `${CACHE}.new-${process.pid}`
  try {
    const archives = join(work, "cache", "archives")
    await Promise.all([join(work, "lists", "partial"), join(archives, "partial")].map((folder) => mkdir(folder, { recursive: true })))
    const apt = (...args: Array<string>) => run("apt-get", [...aptOptions(work), ...args], aptEnvironment())
    await apt("update")
    await apt("install", "--download-only", "--yes", "--no-install-recommends", ...names)
    await unpack(archives, join(work, "root"))
    await rm(CACHE, { recursive: true, force: true })
    await rename(join(work, "root"), CACHE)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const aptOptions = (work: string): Array<string> => [
  `Dir::State::lists=${join(work, "lists")}`,
  `Dir::Cache=${join(work, "cache")}`,
  "Debug::NoLocking=1",
  "Acquire::Retries=2",
  // Apt's own download user cannot reach a checkout in somebody's home folder.
  ...(process.getuid?.() === 0 ? ["APT::Sandbox::User=root"] : [])
].flatMap((option) => ["-o", option])

const aptEnvironment = () => ({
  timeout: DOWNLOAD_LIMIT_MS,
  maxBuffer: 16 << 20,
  env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" }
})

const unpack = async (archives: string, target: string): Promise<void> => {
  await mkdir(target, { recursive: true })
  for (const name of await readdir(archives)) {
    if (name.endsWith(".deb")) await run("dpkg", ["-x", join(archives, name), target])
  }
}

/** The last lines that a failed command wrote, or its message. */
const describe = (cause: unknown): string => {
  const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : ""
  return said === "" ? String(cause) : said.split("\n").slice(-3).join("; ")
}
