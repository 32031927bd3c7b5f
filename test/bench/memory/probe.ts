/**
 * Loaded into every measured process before its program (`--import`): on SIGUSR2 it collects garbage and writes
 * what is left to a file, so that memory is measured in the real processes and not in a copy of them. On SIGWINCH, where
 * profiling was asked for, it starts a CPU profile, and on the next it writes it.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs"
import { Session } from "node:inspector"
import { join } from "node:path"
import { getHeapStatistics, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

const folder = process.env["ROOKERY_BENCH_PROBE"]

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** Whole or not at all, for the reader waits for the file to be there. */
const write = (name: string, content: string): void => {
  const file = join(folder!, name)
  writeFileSync(`${file}.part`, content)
  renameSync(`${file}.part`, file)
}

const measure = (): void => {
  // What finalizers free is gone after the second pass.
  collect()
  collect()
  setTimeout(() => {
    collect()
    const { arrayBuffers, external, heapUsed, rss } = process.memoryUsage()
    const { malloced_memory: malloced } = getHeapStatistics()
    write(`memory-${process.pid}.json`, JSON.stringify({ arrayBuffers, external, heapUsed, malloced, rss }))
  }, 100)
}

let session: Session | undefined

const profile = (): void => {
  if (session === undefined) {
    session = new Session()
    session.connect()
    session.post("Profiler.enable")
    session.post("Profiler.start")
    return
  }
  session.post("Profiler.stop", (_, result) => {
    write(`profile-${process.pid}.cpuprofile`, JSON.stringify(result?.profile))
    session?.disconnect()
    session = undefined
  })
}

if (folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  process.on("SIGUSR2", measure)
  process.on("SIGWINCH", profile)
}
