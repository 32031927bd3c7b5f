/** At a start the servers beside us may still be starting: they are waited for, visibly and not for ever. */
import * as Logs from "@rookery/observe/Logs"
import { reasonOf } from "@rookery/observe/reasonOf"
import { Data, Effect, Schedule } from "effect"

/** A server that did not answer in time, or not as it should: the reason says which. */
export class DependencyError extends Data.TaggedError("DependencyError")<{
  readonly name: string
  readonly address: string
  readonly attempts: number
  readonly reason: string
}> {
  override get message(): string {
    return `${this.name} at ${this.address} could not be used in ${this.attempts} attempts: ${this.reason}`
  }
}

export interface Dependency<R> {
  /** "Postgres" */
  readonly name: string
  /** May hold a password: only host and port are ever shown. */
  readonly url: string
  /** Fails while the server does not answer. Bounded here, attempt by attempt. */
  readonly probe: Effect.Effect<unknown, unknown, R>
  readonly patience: Patience
}

export interface Patience {
  readonly attemptsMax: number
  readonly pauseMillis: number
}

const ATTEMPT_LIMIT_MS = 3000

/** Succeeds with the first answer; fails with `DependencyError` after the last attempt. */
export const awaitDependency = <R>(dependency: Dependency<R>): Effect.Effect<void, DependencyError, R> => {
  const { name, patience } = dependency
  const address = addressOf(dependency.url)
  let attempt = 0
  const say = (cause: unknown) =>
    Effect.logWarning(Logs.names.dependencyRetry).pipe(Effect.annotateLogs({
      dependency: name,
      address,
      attempt: `${++attempt} of ${patience.attemptsMax}`,
      reason: reasonOf(cause)
    }))
  return dependency.probe.pipe(
    Effect.timeout(ATTEMPT_LIMIT_MS),
    Effect.tapError(say),
    Effect.retry({ times: patience.attemptsMax - 1, schedule: Schedule.spaced(patience.pauseMillis) }),
    Effect.mapError((cause) => new DependencyError({ name, address, attempts: patience.attemptsMax, reason: reasonOf(cause) })),
    Effect.asVoid
  )
}

/** Host and port of a server's URL. */
export const addressOf = (url: string): string => URL.canParse(url) ? new URL(url).host : "an address that is no URL"
