/** Telling a process from a later one that was given the same number. */
import { execFileSync } from "node:child_process"
import { readFileSync, readlinkSync } from "node:fs"

/** When the process started, in the platform's own terms; undefined if there is no such process (a zombie counts as none). */
export const startTime = (pid: number): string | undefined => {
  if (!isAlive(pid)) return undefined
  if (process.platform === "linux") return linuxStartTime(pid)
  if (process.platform === "win32") return "running" // numbers are not given out again soon there
  return ask("ps", ["-o", "lstart=", "-p", `${pid}`])
}

/** Whether `pid` is a PostgreSQL server of this data folder. */
export const isPostgresOf = (pid: number, dataFolder: string): boolean => {
  if (!isAlive(pid)) return false
  if (process.platform === "linux") return workingFolder(pid) === dataFolder && commandOf(pid).includes("postgres")
  if (process.platform === "win32") return ask("tasklist", ["/FI", `PID eq ${pid}`])?.includes("postgres") ?? false
  const command = ask("ps", ["-o", "command=", "-p", `${pid}`]) ?? ""
  return command.includes("postgres") && command.includes(dataFolder)
}

/** Whether there is such a process, be it ours to signal or not. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM"
  }
}

/** Field 22 of `stat`; the name in field 2 may hold spaces, so fields are counted from behind it. */
const linuxStartTime = (pid: number): string | undefined => {
  const stat = readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields[0] === "Z" ? undefined : fields[19]
}

const workingFolder = (pid: number): string => readOrEmpty(() => readlinkSync(`/proc/${pid}/cwd`))

const commandOf = (pid: number): string => readOrEmpty(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))

/** A process may end, or belong to somebody else, while it is being looked at: then nothing is known of it. */
const readOrEmpty = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ""
  }
}

const ask = (program: string, args: ReadonlyArray<string>): string | undefined => {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || undefined
  } catch {
    return undefined // `ps` fails when there is no such process
  }
}
