/** Asks the probe in other processes: their memory after a garbage collection, and CPU profiles. */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { copyFile, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { until } from "../cluster/metrics.ts"

/** Bytes, after a collection. */
export interface Memory {
  readonly heapUsed: number
  readonly arrayBuffers: number
  readonly external: number
  /** After V8 gave back the pages that it keeps for later. */
  readonly rss: number
  /** Before that. */
  readonly rssWithFree: number
  /** Parts of `rss`: malloc's first arena and its others, the program's files, and the rest, which is V8's heap and large blocks. */
  readonly malloc: number
  readonly arenas: number
  readonly files: number
  readonly mapped: number
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

/** Bytes that each of many adds to a process. */
export interface Added {
  readonly held: number
  readonly rss: number
  readonly rssWithFree: number
}

export const addedBy = (before: Memory, after: Memory, count: number): Added => ({
  held: (heldBytes(after) - heldBytes(before)) / count,
  rss: (after.rss - before.rss) / count,
  rssWithFree: (after.rssWithFree - before.rssWithFree) / count
})

/** Profiles the processes while `effect` runs; leaves `<name>-<pid>.cpuprofile` files in `out`. */
export const profiled = <A, E, R>(
  pids: ReadonlyArray<number>,
  folder: string,
  name: string,
  out: string,
  effect: Effect.Effect<A, E, R>
) => {
  const fileOf = (pid: number) => join(folder, `profile-${pid}.cpuprofile`)
  const signal = Effect.sync(() => pids.forEach((pid) => process.kill(pid, "SIGWINCH")))
  const fetch = Effect.forEach(pids, (pid) =>
    Effect.andThen(
      appears(fileOf(pid)),
      Effect.promise(() => copyFile(fileOf(pid), join(out, `${name}-${pid}.cpuprofile`)))
    ))
  return Effect.gen(function*() {
    // What an earlier profile left is not waited for in vain.
    yield* Effect.forEach(pids, (pid) => Effect.promise(() => rm(fileOf(pid), { force: true })))
    yield* signal
    const result = yield* effect
    yield* signal
    yield* fetch
    return result
  })
}
