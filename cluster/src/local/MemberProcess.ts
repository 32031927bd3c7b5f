/** One runner or front as a child process: started, watched, signalled, and never left behind. */
import { Data, Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { findBinary } from "../servers/binaries.ts"

/** Why a member did not start; `logs` is the end of what it said. */
export class MemberError extends Data.TaggedError("MemberError")<{
  readonly member: string
  readonly reason: string
  readonly logs: string
}> {
  override get message(): string {
    const said = this.logs.trim().split("\n").slice(-20).join("\n")
    return `${this.member}: ${this.reason}` + (said === "" ? "" : `\n${said.replaceAll(/^/gm, "  | ")}`)
  }
}

export interface Command {
  /** What people call it: "runner 1". */
  readonly name: string
  /** The TypeScript file of the program. */
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** Over this process's environment; `undefined` takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Gets every line that the member writes. */
  readonly onLine: (line: string) => void
}

export interface MemberProcess {
  readonly name: string
  readonly pid: number
  /** The last 64 kB that it wrote. */
  readonly logs: () => string
  /** True until its end was seen. */
  readonly isRunning: () => boolean
  /** Succeeds with a description ("exit code 1", "signal SIGKILL") once it has ended. */
  readonly exited: Effect.Effect<string>
  /** Sends a signal, `SIGSTOP` and `SIGCONT` too; nothing happens once it has ended. */
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Ends it as an operator would: its shards are handed on first. By force after 15 s. */
  readonly stop: Effect.Effect<void>
}

/** What a member sends over its channel once it serves. The channel's closing tells it that we are gone. */
export const READY_MESSAGE = "ready"

/** What the scripts started this process with (scripts/bootstrap.mjs), for its members too. */
const v8Flags = (process.env["ROOKERY_V8_FLAGS"] ?? "").split(" ").filter((flag) => flag !== "")
const LOG_LIMIT = 64 * 1024
const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000
const KILL_LIMIT_MS = 5000

/** Starts a member and waits until it serves; the scope's end stops it. */
export const start = (command: Command): Effect.Effect<MemberProcess, MemberError, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(() => launch(command)), (member) => member.stop).pipe(
    Effect.flatMap((member) => Effect.as(awaitReady(member), member as MemberProcess))
  )

/** Runs a program that ends by itself; fails unless its exit code is 0. */
export const runToEnd = Effect.fnUntraced(function*(command: Command) {
  const member = yield* Effect.acquireRelease(Effect.sync(() => launch(command)), (launched) => launched.stop)
  const how = yield* member.exited
  if (how !== "exit code 0") return yield* Effect.fail(new MemberError({ member: member.name, reason: how, logs: member.logs() }))
})

interface Launched extends MemberProcess {
  readonly ready: Effect.Effect<void>
}

const launch = (command: Command): Launched => {
  const { args, file } = underParent(process.execPath, [...v8Flags, command.program, ...command.args])
  const child = spawn(file, args, {
    env: definedOf({ ...process.env, ...command.env }),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A session of its own: Ctrl-C in the terminal reaches us alone, and we stop the members in order.
    detached: process.platform !== "win32"
  })
  const logs = collect(child, command.onLine)
  const exit = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
    child.once("error", (error) => resolve(`cannot be run: ${error.message}`))
  })
  const ready = new Promise<void>((resolve) => {
    child.on("message", (message) => {
      if (message === READY_MESSAGE) resolve()
    })
  })
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  const exited = Effect.promise(() => exit)
  const kill = (signal: NodeJS.Signals) => Effect.sync(() => void child.kill(signal))
  return {
    name: command.name,
    pid: child.pid ?? -1,
    logs,
    isRunning,
    exited,
    kill,
    ready: Effect.promise(() => ready),
    stop: Effect.suspend(() => isRunning() ? stopByForce(exited, kill) : Effect.void)
  }
}

/** A member that is stopped (`SIGSTOP`) hears nothing but `SIGKILL`, and would take a `SIGTERM` only when continued. */
const stopByForce = (exited: Effect.Effect<string>, kill: MemberProcess["kill"]): Effect.Effect<void> =>
  kill("SIGTERM").pipe(
    Effect.andThen(kill("SIGCONT")),
    Effect.andThen(Effect.timeout(exited, STOP_LIMIT_MS)),
    Effect.catch(() => Effect.andThen(kill("SIGKILL"), Effect.timeoutOption(exited, KILL_LIMIT_MS))),
    Effect.asVoid
  )

const awaitReady = (member: Launched): Effect.Effect<void, MemberError> => {
  const fail = (reason: string) =>
    Effect.suspend(() => Effect.fail(new MemberError({ member: member.name, reason, logs: member.logs() })))
  return member.ready.pipe(
    Effect.raceFirst(Effect.flatMap(member.exited, (how) => fail(`ended before it was ready (${how})`))),
    Effect.timeoutOrElse({ duration: READY_LIMIT_MS, orElse: () => fail(`was not ready within ${READY_LIMIT_MS / 1000} s`) })
  )
}

/** Hands on whole lines and keeps the end of all. */
const collect = (child: ChildProcess, onLine: (line: string) => void): () => string => {
  let tail = ""
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ""
    stream?.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-LOG_LIMIT)
      const lines = (rest + text).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) onLine(line)
    })
    stream?.once("end", () => {
      if (rest !== "") onLine(rest)
    })
  }
  return () => tail
}

/** On Linux the kernel kills a member whose parent died, also one that is stopped and cannot notice by itself. */
const underParent = (file: string, args: ReadonlyArray<string>) => {
  const setpriv = process.platform === "linux" ? findBinary("setpriv") : undefined
  return setpriv === undefined ? { file, args } : { file: setpriv, args: ["--pdeathsig=SIGKILL", file, ...args] }
}

const definedOf = (env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
