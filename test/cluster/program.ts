/** The real programs as child processes, as a person or a script starts them. */
import { Data, Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const programs = {
  one: fileOf("cluster/src/one.ts"),
  rookery: fileOf("cluster/src/rookery.ts"),
  cluster: fileOf("scripts/src/localCluster.ts")
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Standard output and error, as they came. */
  readonly output: string
  readonly stdout: string
}

export interface Program {
  readonly pid: number
  readonly ended: Effect.Effect<Ended>
  /** The first match in what it said, once it said it; fails when it ends, or after 30 s unless told otherwise. */
  readonly says: (pattern: RegExp, millis?: number) => Effect.Effect<RegExpExecArray, DidNotSay>
  readonly tell: (line: string) => void
  readonly kill: (signal: NodeJS.Signals) => void
}

export class DidNotSay extends Data.TaggedError("DidNotSay")<{ readonly message: string }> {}

/** A folder that goes with the scope. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-programs-"))),
  // Servers of a program that was killed write for a moment longer.
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
)

/** Variables of this run that must not reach the programs. */
const unset = { DATABASE_URL: undefined, REDIS_URL: undefined, NATS_URL: undefined, PORT: undefined }

/** Starts a program; it is killed with the scope if it still runs then. */
export const start = (
  name: keyof typeof programs,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
): Effect.Effect<Program, never, Scope.Scope> => launched(process.execPath, [programs[name], ...args], env)

/** The same as a person does, by npm. */
export const startByNpm = (
  script: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
): Effect.Effect<Program, never, Scope.Scope> => launched("npm", ["run", script, "--", ...args], env)

const launched = (command: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => launch(command, args, env)),
    ({ ended, kill }) => Effect.andThen(Effect.sync(() => kill("SIGKILL")), ended)
  )

/** Runs a program to its end. */
export const run = (name: keyof typeof programs, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  Effect.scoped(Effect.flatMap(start(name, args, env), ({ ended }) => ended))

/** Runs commands as somebody types them in the checkout; ends at the first that fails. */
export const shell = (commands: string): Effect.Effect<Ended> =>
  Effect.scoped(Effect.flatMap(launched("/bin/sh", ["-e", "-c", commands], {}), ({ ended }) => ended))

const launch = (command: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>): Program => {
  const child = spawn(command, args, {
    cwd: fileOf(""),
    env: { ...process.env, ...unset, ...env },
    stdio: ["pipe", "pipe", "pipe"]
  })
  const heard = { output: "", stdout: "", listeners: new Set<() => void>() }
  const end = listen(child, heard)
  return {
    pid: child.pid!,
    ended: Effect.promise(() => end),
    says: (pattern, millis = 30_000) => says(heard, end, pattern, millis),
    tell: (line) => void child.stdin.write(`${line}\n`),
    kill: (signal) => void child.kill(signal)
  }
}

interface Heard {
  output: string
  stdout: string
  readonly listeners: Set<() => void>
}

const listen = (child: ChildProcess, heard: Heard): Promise<Ended> => {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      heard.output += text
      if (stream === child.stdout) heard.stdout += text
      for (const listener of heard.listeners) listener()
    })
  }
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, output: heard.output, stdout: heard.stdout }))
  })
}

const says = (heard: Heard, end: Promise<Ended>, pattern: RegExp, millis: number): Effect.Effect<RegExpExecArray, DidNotSay> => {
  const fail = (why: string) => new DidNotSay({ message: `${why} without saying ${pattern}; it said:\n${heard.output}` })
  return Effect.callback<RegExpExecArray, DidNotSay>((resume) => {
    const look = () => {
      const match = pattern.exec(heard.output)
      if (match !== null) resume(Effect.succeed(match))
    }
    heard.listeners.add(look)
    look()
    void end.then(() => resume(Effect.fail(fail("it ended"))))
    return Effect.sync(() => heard.listeners.delete(look))
  }).pipe(Effect.timeoutOrElse({ duration: millis, orElse: () => Effect.fail(fail(`${millis / 1_000} s passed`)) }))
}
