/** CPU seconds that processes have used so far, as Linux counts them; empty elsewhere. */
import { Effect } from "effect"
import { readdir, readFile } from "node:fs/promises"

/** The kernel counts in hundredths of a second. */
const ticksPerSecond = 100

const secondsOf = async (pid: number | string): Promise<{ readonly name: string; readonly seconds: number } | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined)
  if (stat === undefined) return undefined
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"))
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  // Those of the process, and those of its children that have ended.
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0)
  return { name, seconds: ticks / ticksPerSecond }
}

/** By name; this process is "client", and all of the machine's Postgres and Redis processes are one each. */
export const processCpu = (
  members: ReadonlyArray<{ readonly name: string; readonly pid: number }>
): Effect.Effect<Record<string, number>> =>
  Effect.promise(async () => {
    const used: Record<string, number> = {}
    for (const { name, pid } of [...members, { name: "client", pid: process.pid }]) {
      used[name] = (await secondsOf(pid))?.seconds ?? 0
    }
    const pids = (await readdir("/proc").catch(() => [])).filter((entry) => /^[0-9]+$/.test(entry))
    for (const found of await Promise.all(pids.map(secondsOf))) {
      if (found?.name !== "postgres" && found?.name !== "redis-server") continue
      used[found.name] = (used[found.name] ?? 0) + found.seconds
    }
    return used
  })
