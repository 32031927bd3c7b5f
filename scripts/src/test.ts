/**
 * `npm test [-- vitest arguments]`: servers, checks and every test, leaving nothing behind.
 *
 * With arguments (a path, `-t name`) only the tests that match are run, and no checks.
 */
import { NodeRuntime } from "@effect/platform-node"
import * as Debian from "@rookery/cluster/servers/debian"
import * as LocalServers from "@rookery/cluster/servers/LocalServers"
import { Effect } from "effect"
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { report, runChecks, type StepResult } from "./testing/checks.ts"
import { killLeftovers, RUN_VARIABLE } from "./testing/leftovers.ts"
import { runVitest, type TestCount } from "./testing/vitestRun.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const args = process.argv.slice(2)
/** A process that was told to stop may still be ending when the last test has passed. */
const LEFTOVER_GRACE_MS = 2000

/** A folder for all that the run writes. Others may enter it but not list it: PostgreSQL's user has a folder inside. */
const makeFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "rookery-test-"))
  await chmod(folder, 0o711)
  await mkdir(join(folder, "tmp"))
  return folder
}

const removeFolder = async (folder: string): Promise<void> => {
  await killLeftovers(basename(folder), 0)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

const startServers = Effect.fnUntraced(function*(folder: string) {
  const started = performance.now()
  yield* Debian.ensureServers(["redis-server", "nats-server"], (line) => console.log(line))
  const servers = yield* LocalServers.start(folder, LocalServers.UNSAFE_BUT_FAST)
  report("servers: PostgreSQL, Redis, NATS", true, started)
  return { postgresUrl: servers.postgres.url, redisUrl: servers.redis.url, natsUrl: servers.nats.url }
})

/** Servers and checks do not depend on each other; the tests wait for both, so that their output stays whole. */
const runSteps = Effect.fnUntraced(function*(folder: string) {
  const checks = args.length === 0 ? runChecks(root) : Effect.succeed<Array<StepResult>>([])
  const [servers, results] = yield* Effect.all([startServers(folder), checks], { concurrency: 2 })
  const tests = yield* runVitest(root, folder, args, {
    ROOKERY_TEST_SERVERS: JSON.stringify(servers),
    TMPDIR: join(folder, "tmp")
  })
  return { count: tests, results: [...results, { name: "tests", isGood: tests.isGood }] }
})

/** The last line is the count, alone; what failed stands above it. */
const conclude = (results: ReadonlyArray<StepResult>, { failed, passed, skipped }: TestCount): void => {
  const bad = results.filter(({ isGood }) => !isGood).map(({ name }) => name)
  if (bad.length > 0) console.error(`\nFailed: ${bad.join(", ")}`)
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
  process.exitCode = bad.length === 0 ? 0 : 1
}

const main = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(makeFolder),
    (made) => Effect.promise(() => removeFolder(made))
  )
  const id = basename(folder)
  process.env[RUN_VARIABLE] = id
  const { count, results } = yield* Effect.scoped(runSteps(folder))
  const left = yield* Effect.promise(() => killLeftovers(id, LEFTOVER_GRACE_MS))
  for (const { command, pid } of left) console.error(`left running: ${pid} ${command}`)
  conclude([...results, { name: "processes left behind", isGood: left.length === 0 }], count)
}).pipe(
  Effect.scoped,
  Effect.catchTag("ServerError", (error) =>
    Effect.sync(() => {
      console.error(`\nFailed: servers\n${error.message}`)
      process.exitCode = 1
    }))
)

// A closed terminal is a reason to stop like Ctrl-C.
process.on("SIGHUP", () => process.kill(process.pid, "SIGINT"))
NodeRuntime.runMain(main)
