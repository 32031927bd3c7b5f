/**
 * A server that runs beside us as a child process (PostgreSQL, Redis, NATS): started, watched and stopped with a scope.
 *
 * Children get a session of their own, so that Ctrl-C in a terminal reaches us alone and we can stop them in order. On
 * Linux the kernel signals them when we die without warning (`kill -9`).
 */
import { Data, Effect, type Scope } from "effect"
import { type ChildProcess, spawn as spawnChild } from "node:child_process"
import { findBinary } from "./binaries.ts"

/** Why a server could not be started; `output` is the end of what it said. */
export class ServerError extends Data.TaggedError("ServerError")<{
  readonly server: string
  readonly reason: string
  readonly output?: string
}> {
  override get message(): string {
    const said = this.output?.trim()
    return `${this.server}: ${this.reason}` + (said ? `\n${said.replaceAll(/^/gm, "  | ")}` : "")
  }
}

export interface Command {
  /** What people call it, for messages. */
  readonly name: string
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Runs as this user and the group of the same number; only root may ask for it. */
  readonly uid?: number | undefined
  /** Signals to stop it with, in order, each with the milliseconds it is given. `SIGKILL` follows by itself. */
  readonly stop: ReadonlyArray<readonly [NodeJS.Signals, number]>
}

export interface ServerProcess {
  readonly name: string
  readonly pid: number
  /** The last 4 kB that it wrote. */
  readonly output: () => string
  /** Succeeds with a description ("exit code 1", "signal SIGKILL") once it has ended. */
  readonly ended: Effect.Effect<string>
}

const OUTPUT_LIMIT = 4096
/** After `SIGKILL` only an uninterruptible system call can hold a process; we do not wait for that without bound. */
const KILL_WAIT_MS = 5000

/** Starts a server; closing the scope stops it, by force if it must be. */
export const spawn = (command: Command): Effect.Effect<ServerProcess, ServerError, Scope.Scope> =>
  Effect.acquireRelease(launch(command), ({ process, stop }) => Effect.promise(() => stop(process))).pipe(
    Effect.map(({ server }) => server)
  )

interface Launched {
  readonly process: RunningChild
  readonly server: ServerProcess
  readonly stop: (child: RunningChild) => Promise<void>
}

interface RunningChild {
  readonly child: ChildProcess
  readonly pid: number
  readonly exit: Promise<string>
}

const launch = (command: Command): Effect.Effect<Launched, ServerError> =>
  Effect.tryPromise({
    try: () => startChild(command),
    catch: (cause) => new ServerError({ server: command.name, reason: `cannot be run: ${String(cause)}` })
  })

const startChild = async (command: Command): Promise<Launched> => {
  const { args, file, uid } = withParentDeathSignal(command)
  const child = spawnChild(file, args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    ...(uid === undefined ? {} : { uid, gid: uid })
  })
  const output = keepTail(child)
  const exit = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject))
  const running = { child, pid: child.pid!, exit }
  const server = { name: command.name, pid: running.pid, output, ended: Effect.promise(() => exit) }
  return { process: running, server, stop: (target) => stopChild(target, command.stop) }
}

/** `setpriv` (util-linux, so on every Debian) asks the kernel to signal the server when we die. */
const withParentDeathSignal = (command: Command) => {
  const setpriv = process.platform === "linux" ? findBinary("setpriv") : undefined
  const signal = command.stop[0]?.[0]
  if (setpriv === undefined || signal === undefined) return command
  const identity = command.uid === undefined
    ? []
    : [`--reuid=${command.uid}`, `--regid=${command.uid}`, "--clear-groups"]
  return {
    file: setpriv,
    args: [`--pdeathsig=${signal}`, ...identity, command.file, ...command.args],
    uid: undefined
  }
}

const keepTail = (child: ChildProcess): () => string => {
  let tail = ""
  const add = (chunk: Buffer) => {
    tail = (tail + chunk.toString("utf8")).slice(-OUTPUT_LIMIT)
  }
  child.stdout?.on("data", add)
  child.stderr?.on("data", add)
  return () => tail
}

const stopChild = async ({ child, exit }: RunningChild, stop: Command["stop"]): Promise<void> => {
  for (const [signal, limit] of [...stop, ["SIGKILL", KILL_WAIT_MS] as const]) {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    if (await settles(exit, limit)) return
  }
}

/** Whether `promise` settles within `limit` milliseconds. */
const settles = async (promise: Promise<unknown>, limit: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limit)
  })
  const result = await Promise.race([promise.then(() => true), late])
  clearTimeout(timer)
  return result
}
