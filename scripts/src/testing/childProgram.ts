/** Programs that a command runs one after another, and that never outlive it. */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"

export interface Program {
  /** A JavaScript or TypeScript file for this Node, with its arguments. */
  readonly script: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Whether it writes to our terminal; otherwise its output is collected. */
  readonly isShown: boolean
}

export interface Outcome {
  readonly code: number
  /** The last megabyte of what it wrote, if it was not shown. */
  readonly output: string
}

const OUTPUT_LIMIT = 1 << 20
const STOP_LIMIT_MS = 15_000

/**
 * Runs a program to its end. Interrupted, it asks the program to stop, waits a while, and then kills it with all that it
 * started: every program leads a process group of its own.
 */
export const run = (program: Program): Effect.Effect<Outcome> =>
  Effect.acquireUseRelease(
    Effect.sync(() => startProgram(program)),
    ({ ended }) => Effect.promise(() => ended),
    ({ child, ended }) => Effect.promise(() => stopGroup(child, ended))
  )

const startProgram = (program: Program) => {
  const child = spawn(process.execPath, [program.script, ...program.args], {
    cwd: program.cwd,
    env: { ...process.env, ...program.env },
    stdio: program.isShown ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    detached: true
  })
  let output = ""
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString("utf8")).slice(-OUTPUT_LIMIT)
  }
  child.stdout?.on("data", keep)
  child.stderr?.on("data", keep)
  const ended = new Promise<Outcome>((resolve) => {
    child.once("error", (cause) => resolve({ code: 1, output: String(cause) }))
    child.once("close", (code) => resolve({ code: code ?? 1, output }))
  })
  return { child, ended }
}

const stopGroup = async (child: ChildProcess, ended: Promise<Outcome>): Promise<void> => {
  if (child.pid === undefined) return
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGINT")
    const timer = setTimeout(() => killGroup(child.pid!), STOP_LIMIT_MS)
    await ended
    clearTimeout(timer)
  }
  killGroup(child.pid)
}

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // Nobody of the group is left, as it should be.
  }
}
