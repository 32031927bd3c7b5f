/** Finding what a test run started and did not stop. */
import { readdirSync, readFileSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"

/** Every process of the run has this in its environment, down to the last grandchild. */
export const RUN_VARIABLE = "ROOKERY_TEST_RUN"

const POLL_MS = 50

export interface Leftover {
  readonly pid: number
  readonly command: string
}

/** The processes of run `id` other than this one. Only Linux tells; elsewhere the list is empty. */
const findLeftovers = (id: string): Array<Leftover> => {
  if (process.platform !== "linux") return []
  const pids = readdirSync("/proc").map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid)
  return pids
    .filter((pid) => readOf(pid, "environ").split("\0").includes(`${RUN_VARIABLE}=${id}`))
    .map((pid) => ({ pid, command: readOf(pid, "cmdline").replaceAll("\0", " ").trim() }))
}

/** Kills what is left of run `id` after `graceMs`, in which what is just ending may end, and says what it was. */
export const killLeftovers = async (id: string, graceMs: number): Promise<Array<Leftover>> => {
  const deadline = performance.now() + graceMs
  while (findLeftovers(id).length > 0 && performance.now() < deadline) await delay(POLL_MS)
  const found = findLeftovers(id)
  for (const { pid } of found) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return found
}

/** Processes that have ended, or belong to others, tell nothing: neither can be ours to stop. */
const readOf = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8")
  } catch {
    return ""
  }
}
