/** Finding what a test run started and did not stop. */
import { readdirSync, readFileSync } from "node:fs"

/** Every process of the run has this in its environment, down to the last grandchild. */
export const RUN_VARIABLE = "ROOKERY_TEST_RUN"

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

/** Kills what is left of run `id` and says what it was. */
export const killLeftovers = (id: string): Array<Leftover> => {
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
