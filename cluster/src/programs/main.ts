/** How every program runs: stops in order on Ctrl-C, `SIGTERM` or its parent's end, and says in a line why it failed. */
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, References, Runtime } from "effect"
import { READY_MESSAGE } from "../local/MemberProcess.ts"

/** After this a stop is no longer waited for. */
const STOP_LIMIT_MS = 20_000

/**
 * Runs `program` as the process: exit code 0 when it ends or is told to stop, 1 when it fails. Nobody exports spans, so none
 * are made: Effect would make one for each message to an actor and each statement.
 */
export const run = <E>(program: Effect.Effect<unknown, E>): void => {
  stopWithParent()
  process.once("SIGHUP", stop)
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, boundStop)
  NodeRuntime.runMain(Effect.provideService(program, References.TracerEnabled, false), {
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(report(exit))
  })
}

const report = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return 0
  const error = Cause.squash(exit.cause)
  if (!isReported(error)) console.error(`rookery: ${messageOf(error, exit.cause)}`)
  return 1
}

/** Effect's CLI has shown its own errors, with help, already. */
const isReported = (error: unknown): boolean =>
  typeof error === "object" && error !== null &&
  (Runtime.errorReported in error && error[Runtime.errorReported] === false || "_tag" in error && error._tag === "ShowHelp")

/** A defect shows where it came from; an error that was foreseen shows its message alone. */
const messageOf = (error: unknown, cause: Cause.Cause<unknown>): string =>
  Cause.hasDies(cause) || !(error instanceof Error) ? Cause.pretty(cause) : error.message

const stop = (): void => void process.kill(process.pid, "SIGTERM")

/** A second Ctrl-C, or a stop that hangs, ends the process all the same. */
const boundStop = (): void => {
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
}

/** Started by another Rookery process, we end with it. */
const stopWithParent = (): void => {
  if (process.send === undefined) return
  process.once("disconnect", stop)
  process.channel?.unref()
}

/** Tells the process that started us that we serve. */
export const announceReady: Effect.Effect<void> = Effect.sync(() => void process.send?.(READY_MESSAGE))
