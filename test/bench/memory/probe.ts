/**
 * Loaded into every measured process before its program (`--import`): on SIGUSR2 it collects garbage and writes
 * what is left to a file, so that memory is measured in the real processes and not in a copy of them. On SIGWINCH, where
 * profiling was asked for, it starts a CPU profile, and on the next it writes it.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { Session } from "node:inspector"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

const folder = process.env["ROOKERY_BENCH_PROBE"]

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as (options?: Readonly<Record<string, string>>) => void

/** As V8 collects when memory runs out: what is free goes back to the system instead of being kept for the next garbage. */
const giveBack = (): void => collect({ type: "major", execution: "sync", flavor: "last-resort" })

/** For threads of V8 that free pages, and finalizers, in milliseconds. */
const settleMillis = 1_000

/** Whole or not at all, for the reader waits for the file to be there. */
const write = (name: string, content: string): void => {
  const file = join(folder!, name)
  writeFileSync(`${file}.part`, content)
  renameSync(`${file}.part`, file)
}

/** glibc gives each thread but the first an arena of its own in pieces that begin at multiples of this. */
const arenaBytes = 64n * 1024n * 1024n
const mapping = /^([0-9a-f]+)-[0-9a-f]+ (\S+) \S+ \S+ \S+ *(.*)$/

/** Whose the resident pages of a mapping are. */
const ownerOf = (start: bigint, rights: string, path: string): "malloc" | "arenas" | "files" | "mapped" => {
  if (path === "[heap]") return "malloc"
  if (path !== "" && !path.startsWith("[anon")) return "files"
  return start % arenaBytes === 0n && rights.startsWith("rw") ? "arenas" : "mapped"
}

/** Resident bytes by owner, as Linux counts them; "mapped" is V8's heap and large blocks of malloc's. */
const resident = (): Record<string, number> => {
  const bytes: Record<string, number> = { malloc: 0, arenas: 0, files: 0, mapped: 0 }
  let owner: ReturnType<typeof ownerOf> = "files"
  for (const line of readFileSync("/proc/self/smaps", "utf8").split("\n")) {
    const head = mapping.exec(line)
    if (head !== null) owner = ownerOf(BigInt(`0x${head[1]}`), head[2]!, head[3]!)
    else if (line.startsWith("Rss:")) bytes[owner]! += Number(line.slice(4, -2)) * 1024
  }
  return bytes
}

const measure = (): void => {
  // What finalizers free is gone after the second pass.
  collect()
  collect()
  setTimeout(() => {
    collect()
    const rssWithFree = process.memoryUsage().rss
    giveBack()
    setTimeout(() => {
      const { arrayBuffers, external, heapUsed, rss } = process.memoryUsage()
      const known = { arrayBuffers, external, heapUsed, rss, rssWithFree, ...resident() }
      write(`memory-${process.pid}.json`, JSON.stringify(known))
    }, settleMillis)
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
