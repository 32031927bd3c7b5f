/** Asks the probe in other processes: their memory after a garbage collection, and CPU profiles. */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { copyFile, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { until } from "../cluster/metrics.ts"

/** Bytes. */
export interface Memory {
  readonly heapUsed: number
  readonly arrayBuffers: number
  readonly external: number
  readonly malloced: number
  readonly rss: number
}

const probe = new URL("probe.ts", import.meta.url).href

/** The environment that loads the probe; it answers into `folder`. */
export const environment = (folder: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${probe}`,
  ROOKERY_BENCH_PROBE: folder
})

const appears = (file: string) => until(file, 30, 50, Effect.sync(() => existsSync(file)))

/** Memory of the process after a collection. */
export const memoryOf = Effect.fnUntraced(function*(folder: string, pid: number) {
  const file = join(folder, `memory-${pid}.json`)
  yield* Effect.promise(() => rm(file, { force: true }))
  yield* Effect.sync(() => process.kill(pid, "SIGUSR2"))
  yield* appears(file)
  return JSON.parse(yield* Effect.promise(() => readFile(file, "utf8"))) as Memory
})

/** What objects, typed arrays and native code hold: without the room that the heap keeps for later. */
export const heldBytes = (memory: Memory): number => memory.heapUsed + memory.external

/** Profiles the processes while `effect` runs; leaves `<name>-<pid>.cpuprofile` files in `out`. */
export const profiled = <A, E, R>(
  pids: ReadonlyArray<number>,
  folder: string,
  name: string,
  out: string,
  effect: Effect.Effect<A, E, R>
) => {
  const signal = Effect.sync(() => pids.forEach((pid) => process.kill(pid, "SIGWINCH")))
  const fetch = Effect.forEach(pids, (pid) => {
    const file = join(folder, `profile-${pid}.cpuprofile`)
    return Effect.andThen(appears(file), Effect.promise(() => copyFile(file, join(out, `${name}-${pid}.cpuprofile`))))
  })
  return Effect.gen(function*() {
    yield* signal
    const result = yield* effect
    yield* signal
    yield* fetch
    return result
  })
}
