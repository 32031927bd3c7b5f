/**
 * The folder of an embedded PostgreSQL: who uses it, what a crash left in it, and its first making.
 *
 * `data/` is the cluster's, `password` the superuser's (mode 0600), `owner` names the Rookery process that uses it.
 */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import type { PostgresBinaries } from "./postgresBinaries.ts"
import { isPostgresOf, startTime } from "./processIdentity.ts"

/** The superuser and the database that Rookery uses. */
export const USER = "rookery"

const run = promisify(execFile)
const ORPHAN_LIMIT_MS = 30_000
const INIT_LIMIT_MS = 120_000

/** Notes that we use the folder; refuses while a living process does. Returns how to give it back. */
export const claim = async (folder: string): Promise<() => Promise<void>> => {
  const file = join(folder, "owner")
  const [pid, started] = (await readOptional(file)).split(" ")
  if (pid !== undefined && started !== undefined && startTime(Number(pid)) === started) {
    throw new Error(`another Rookery (process ${pid}) uses ${folder}`)
  }
  await writeWhole(file, `${process.pid} ${startTime(process.pid)}`)
  return () => rm(file, { force: true })
}

/**
 * The user to run as: nobody in particular where we are not root, and otherwise the owner of the data, so that a folder
 * made by an ordinary user stays theirs.
 */
export const serverUid = async (folder: string, unprivileged: number): Promise<number | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const data = await stat(join(folder, "data")).catch(() => undefined)
  return data === undefined || data.uid === 0 ? unprivileged : data.uid
}

/** Makes the cluster unless it is there, under another name first: a making that was cut short leaves nothing behind. */
export const initialise = async (folder: string, binaries: PostgresBinaries, uid: number | undefined): Promise<void> => {
  if (await stat(join(folder, "data")).catch(() => undefined)) return
  const draft = await mkdtemp(join(folder, "new-"))
  try {
    await writeFile(join(draft, "password"), await makePassword(folder), { mode: 0o600 })
    await mkdir(join(draft, "data"), { mode: 0o700 })
    if (uid !== undefined) await giveTo(uid, [draft, join(draft, "password"), join(draft, "data")])
    await runAs(uid, join(draft, "data"), binaries.initdb, initArguments(join(draft, "data")))
    await rename(join(draft, "data"), join(folder, "data"))
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** The password of {@link USER}. */
export const readPassword = (folder: string): Promise<string> =>
  readFile(join(folder, "password"), "utf8").catch((cause: unknown) => {
    throw new Error(`${join(folder, "password")} is missing or not readable: the data beside it cannot be opened`, { cause })
  })

/**
 * What a killed run left: a server that still runs is stopped and waited for; a lock file whose process number now
 * belongs to somebody else is made to name us, which PostgreSQL knows to be stale (it would refuse otherwise). The file
 * itself stays: by it PostgreSQL sees backends that outlived their server.
 */
export const recover = async (folder: string): Promise<void> => {
  const data = join(folder, "data")
  const file = join(data, "postmaster.pid")
  const lines = (await readOptional(file)).split("\n")
  const pid = Number(lines[0])
  if (!Number.isSafeInteger(pid) || pid <= 1 || startTime(pid) === undefined) return
  if (!isPostgresOf(pid, data)) return writeFile(file, [process.pid, ...lines.slice(1)].join("\n"))
  process.kill(pid, "SIGINT")
  const deadline = performance.now() + ORPHAN_LIMIT_MS
  while (startTime(pid) !== undefined) {
    if (performance.now() > deadline) throw new Error(`a PostgreSQL of an earlier run (process ${pid}) does not stop`)
    await delay(10)
  }
}

/** How the server is told of a folder that it has as working folder, so that it need not be able to enter those above. */
export const folderSeenFrom = (folder: string): string => process.platform === "linux" ? "/proc/self/cwd" : folder

const initArguments = (data: string): ReadonlyArray<string> => {
  const seen = folderSeenFrom(data)
  return ["-D", seen, `--pwfile=${seen}/../password`, `--username=${USER}`, "--auth=scram-sha-256",
    "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
}

const makePassword = async (folder: string): Promise<string> => {
  const password = randomBytes(24).toString("hex")
  await writeWhole(join(folder, "password"), password)
  return password
}

const giveTo = async (uid: number, paths: ReadonlyArray<string>): Promise<void> => {
  for (const path of paths) await chown(path, uid, uid)
}

const runAs = async (uid: number | undefined, cwd: string, file: string, args: ReadonlyArray<string>): Promise<void> => {
  const identity = uid === undefined ? {} : { uid, gid: uid }
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" }
  await run(file, args, { cwd, env, timeout: INIT_LIMIT_MS, ...identity })
}

/** Writes a private file so that it is there whole or not at all. */
const writeWhole = async (file: string, text: string): Promise<void> => {
  const draft = `${file}.new-${process.pid}`
  await writeFile(draft, text, { mode: 0o600 })
  await chmod(draft, 0o600)
  await rename(draft, file)
}

const readOptional = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "")
