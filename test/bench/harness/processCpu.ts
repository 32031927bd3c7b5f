/** CPU seconds that processes have used so far, with those of their children, as Linux counts them; 0 elsewhere. */
import { Effect } from "effect"
import { readdir, readFile } from "node:fs/promises"

export interface Watched {
  readonly name: string
  readonly pid: number
}

/** The kernel counts in hundredths of a second. */
const ticksPerSecond = 100

interface Usage {
  readonly pid: number
  readonly parent: number
  readonly seconds: number
}

/** Fields of `/proc/PID/stat` behind the name: parent; user and system time; those of children that have ended. */
const usageOf = async (pid: string): Promise<Usage | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number)
  const ticks = fields[11]! + fields[12]! + fields[13]! + fields[14]!
  return { pid: Number(pid), parent: fields[1]!, seconds: ticks / ticksPerSecond }
}

/** By name; this process is "client". */
export const processCpu = (watched: ReadonlyArray<Watched>): Effect.Effect<Record<string, number>> =>
  Effect.promise(async () => {
    const pids = (await readdir("/proc").catch(() => [])).filter((entry) => /^[0-9]+$/.test(entry))
    const all = (await Promise.all(pids.map(usageOf))).filter((usage) => usage !== undefined)
    const of = (pid: number, withChildren: boolean): number =>
      all.filter((usage) => usage.pid === pid || (withChildren && usage.parent === pid))
        .reduce((sum, usage) => sum + usage.seconds, 0)
    const used = watched.map(({ name, pid }) => [name, of(pid, true)] as const)
    return Object.fromEntries([...used, ["client", of(process.pid, false)]])
  })

/** Cores in use between two looks; this process, which makes the load, is "generator". */
export const coresOf = (
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  seconds: number
): Record<string, number> =>
  Object.fromEntries(Object.entries(after).map(([name, now]) =>
    [name === "client" ? "generator" : name, (now - (before[name] ?? 0)) / seconds]))

/** The same for a table's cell. */
export const coresText = (cores: Readonly<Record<string, number>>): string =>
  Object.entries(cores).map(([name, used]) => `${name} ${used.toFixed(2)}`).join(", ")
