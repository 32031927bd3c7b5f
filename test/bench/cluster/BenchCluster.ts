/** A cluster in a folder of its own, for one bench: durable as a real one is, every process with the probe in it. */
import * as LocalCluster from "@rookery/cluster/local/LocalCluster"
import { Effect } from "effect"
import { appendFileSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import type { BenchOptions } from "../harness/Bench.ts"
import type { Watched } from "../harness/processCpu.ts"
import { temporaryFolder } from "../harness/temporaryFolder.ts"
import * as Probing from "../memory/probing.ts"

export interface BenchCluster extends LocalCluster.LocalCluster {
  /** Where the probes answer. */
  readonly probeFolder: string
}

/** Where the processes' own words go, so that the table stays readable. */
const logName = "members.log"

/**
 * Windows are never evicted, and locks outlast a machine that is busy with the bench itself: what a lost lock costs
 * is for the fault tests to say.
 */
export const lockMillis = { refresh: 10_000, expiration: 60_000 }

const settings: Readonly<Record<string, string>> = {
  RESIDENT_TIMELINES_MAX: "2000000",
  RESIDENT_ENTITIES_MAX: "1000000",
  SHARD_LOCK_REFRESH_MILLIS: String(lockMillis.refresh),
  SHARD_LOCK_EXPIRATION_MILLIS: String(lockMillis.expiration),
  LOG_LEVEL: "Warn"
}

/** `env` is for all members, by the names of their settings. No member runs yet: load the data first. */
export const make = Effect.fnUntraced(function*(options: BenchOptions, env: Readonly<Record<string, string>> = {}) {
  const path = yield* temporaryFolder
  const probeFolder = join(path, "probe")
  yield* Effect.promise(() => mkdir(options.out, { recursive: true }))
  const log = join(options.out, logName)
  const cluster = yield* LocalCluster.make({
    folder: join(path, "servers"),
    env: { ...settings, ...env, ...Probing.environment(probeFolder) },
    onLine: (member, line) => appendFileSync(log, `${new Date().toISOString()} ${member}: ${line}\n`)
  })
  return { ...cluster, probeFolder } satisfies BenchCluster
})

export const startRunners = (cluster: LocalCluster.LocalCluster, count: number) =>
  Effect.forEach(Array.from({ length: count }), () => cluster.startRunner(), { concurrency: "unbounded" })

/** Everything whose CPU time belongs to the figure: these members and the servers beside them. */
export const watched = (cluster: LocalCluster.LocalCluster, members: ReadonlyArray<Watched>): Array<Watched> => [
  ...members.map(({ name, pid }) => ({ name, pid })),
  ...Object.entries(cluster.servers ?? {}).map(([name, { pid }]) => ({ name, pid }))
]

/** Says what goes on, on the terminal's error output: the report alone is the output. */
export const say = (text: string): Effect.Effect<void> => Effect.sync(() => console.error(`· ${text}`))
