/** At a start the servers beside us may still be starting: they are waited for, visibly and not for ever. */
import * as Logs from "@rookery/observe/Logs"
import { Data, Effect, Schedule } from "effect"

/** A server that did not answer in time. */
export class DependencyError extends Data.TaggedError("DependencyError")<{
  readonly name: string
  readonly address: string
  readonly seconds: number
  readonly reason: string
}> {
  override get message(): string {
    return `${this.name} at ${this.address} did not answer within ${this.seconds} s: ${this.reason}`
  }
}

export interface Dependency<R> {
  /** "Postgres" */
  readonly name: string
  /** May hold a password: only host and port are ever shown. */
  readonly url: string
  /** Fails while the server does not answer. Bounded here, attempt by attempt. */
  readonly probe: Effect.Effect<unknown, unknown, R>
  readonly limitMillis: number
}

const ATTEMPT_LIMIT_MS = 6000
const PAUSE = "1 second"

/** Succeeds with the first answer; fails with `DependencyError` after `limitMillis`. */
export const awaitDependency = <R>(dependency: Dependency<R>): Effect.Effect<void, DependencyError, R> => {
  const { limitMillis, name } = dependency
  const address = addressOf(dependency.url)
  let reason = "no answer"
  const say = (cause: unknown) => {
    reason = describe(cause)
    return Effect.logWarning(Logs.names.dependencyRetry).pipe(Effect.annotateLogs({ dependency: name, address, reason }))
  }
  return dependency.probe.pipe(
    Effect.timeout(Math.min(ATTEMPT_LIMIT_MS, limitMillis)),
    Effect.tapError(say),
    Effect.retry(Schedule.spaced(PAUSE)),
    Effect.timeoutOrElse({
      duration: limitMillis,
      orElse: () => Effect.suspend(() => Effect.fail(new DependencyError({ name, address, seconds: limitMillis / 1000, reason })))
    }),
    Effect.catch((error) =>
      Effect.fail(error instanceof DependencyError ? error : new DependencyError({ name, address, seconds: limitMillis / 1000, reason }))
    ),
    Effect.asVoid
  )
}

/** Host and port of a server's URL. */
export const addressOf = (url: string): string => URL.canParse(url) ? new URL(url).host : "an address that is no URL"

/** The innermost message: wrappers say "failed to connect", the cause says why. */
const describe = (error: unknown): string => {
  let innermost = error
  for (let depth = 0; depth < 8; depth++) {
    const next = causeOf(innermost)
    if (next === undefined) break
    innermost = next
  }
  return innermost instanceof Error ? innermost.message || innermost.name : String(innermost)
}

const causeOf = (error: unknown): unknown => {
  if (typeof error !== "object" || error === null) return undefined
  if ("reason" in error && error.reason instanceof Error) return error.reason
  return "cause" in error ? error.cause ?? undefined : undefined
}
