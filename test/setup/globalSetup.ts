/** Gives the tests their servers: those of `npm test`, or, when vitest is run by hand, its own. */
import { start, UNSAFE_BUT_FAST } from "@rookery/cluster/servers/LocalServers"
import { ensureServers } from "@rookery/cluster/servers/debian"
import { Effect, Exit, Scope } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { SERVERS_VARIABLE, type TestServers } from "./provided.ts"

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  provideRandomRun(project)
  const given = process.env[SERVERS_VARIABLE]
  if (given !== undefined) {
    provideAll(project, JSON.parse(given))
    return async () => {}
  }
  const scope = await Effect.runPromise(Scope.make())
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  try {
    provideAll(project, await Effect.runPromise(Scope.provide(startServers, scope)))
    return close
  } catch (cause) {
    await close()
    throw cause
  }
}

const provideAll = (project: TestProject, servers: TestServers): void => {
  project.provide("postgresUrl", servers.postgresUrl)
  project.provide("redisUrl", servers.redisUrl)
  project.provide("natsUrl", servers.natsUrl)
}

const ORACLE_SECONDS = 20
const FUZZ_SECONDS = 20

const provideRandomRun = (project: TestProject): void => {
  const seed = wholeNumber("ROOKERY_SEED") ?? Math.floor(Math.random() * 0x1_0000_0000)
  // Told before any test: one that never ends tells nothing itself.
  console.log(`random tests run with ROOKERY_SEED=${seed}`)
  project.provide("oracleSeed", seed)
  project.provide("oracleSeconds", wholeNumber("ROOKERY_ORACLE_SECONDS") ?? ORACLE_SECONDS)
  project.provide("fuzzSeconds", wholeNumber("ROOKERY_FUZZ_SECONDS") ?? FUZZ_SECONDS)
}

const wholeNumber = (variable: string): number | undefined => {
  const text = process.env[variable]
  if (text === undefined) return undefined
  if (!/^[0-9]{1,10}$/.test(text)) throw new Error(`${variable} is "${text}"; it must be a whole number below 10^10`)
  return Number(text)
}

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-vitest-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const startServers = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  yield* ensureServers(["redis-server", "nats-server"], (line) => console.log(line))
  const { nats, postgres, redis } = yield* start(folder, UNSAFE_BUT_FAST)
  return { postgresUrl: postgres.url, redisUrl: redis.url, natsUrl: nats.url }
})
