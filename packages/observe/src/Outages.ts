/**
 * Whether the servers that a process needs answer it. One loop for each server finds out (`DependencyWatch` in `cluster`)
 * and says so in the log, once; here stands what everybody else goes by meanwhile. It is of the process, as metrics are.
 */
import { type Cause, Latch } from "effect"

export type Dependency = "Postgres" | "Redis" | "NATS"

interface State {
  /** All times are of `performance.now()`. Undefined while the server answers. */
  goneSince: number | undefined
  answeredAt: number
  /** Somebody's connection broke, and the loop has not looked since. */
  doubted: boolean
  isWatched: boolean
  /** Lines of the log that only repeated that the server is gone. */
  heldBack: number
  /** Open when the loop is to look at once. */
  readonly due: Latch.Latch
}

const makeState = (): State => ({
  goneSince: undefined,
  answeredAt: 0,
  doubted: false,
  isWatched: false,
  heldBack: 0,
  due: Latch.makeUnsafe(false)
})

const states: Readonly<Record<Dependency, State>> = { Postgres: makeState(), Redis: makeState(), NATS: makeState() }

/** For the loop that watches; everybody else reads. */
export const stateOf = (dependency: Dependency): State => states[dependency]

/** A restart takes no longer as a rule, and is waited for as any slow answer is. */
const awayMillis = 2_000

/** It answers nobody, and has not for a while: waiting for it is no use. */
export const isAway = (dependency: Dependency): boolean => {
  const { goneSince } = states[dependency]
  return goneSince !== undefined && performance.now() - goneSince >= awayMillis
}

export const answered = (dependency: Dependency): void => {
  states[dependency].answeredAt = performance.now()
}

/** A connection broke or could not be made: the loop looks at once. */
export const doubt = (dependency: Dependency): void => {
  const state = states[dependency]
  if (state.goneSince !== undefined || state.doubted) return
  state.doubted = true
  state.due.openUnsafe()
}

const chainMax = 8

/** What fails because a server is not there, as it shows in an error or in what that was caused by. */
const tagsOfAbsence: ReadonlySet<unknown> = new Set(["ConnectionError", "TimeoutError", "BusError"])
const codesOfAbsence: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOENT"])
/** The Redis client's own errors have neither. */
const messageOfAbsence = /^(Connection is closed|Command timed out|Stream isn't writeable)/

const isAbsence = (error: object): boolean =>
  "_tag" in error && tagsOfAbsence.has(error._tag) ||
  "code" in error && codesOfAbsence.has(error.code) ||
  error instanceof Error && messageOfAbsence.test(error.message)

const tellsOfAbsence = (error: unknown): boolean => {
  let current = error
  for (let depth = 0; depth < chainMax && typeof current === "object" && current !== null; depth++) {
    if (isAbsence(current)) return true
    current = "reason" in current && typeof current.reason === "object" ? current.reason : "cause" in current ? current.cause : undefined
  }
  return false
}

const errorsOf = (cause: Cause.Cause<unknown>, message: unknown): ReadonlyArray<unknown> => [
  ...cause.reasons.map((reason) => reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined),
  ...(Array.isArray(message) ? message : [message])
]

const isInDoubt = ({ doubted, goneSince, isWatched }: State): boolean => isWatched && (doubted || goneSince !== undefined)

/** Whether a line says no more than that a server is gone that is known to be: it is counted instead of written. */
export const holdsBack = (cause: Cause.Cause<unknown>, message: unknown): boolean => {
  const state = Object.values(states).find(isInDoubt)
  if (state === undefined || !errorsOf(cause, message).some(tellsOfAbsence)) return false
  state.heldBack++
  return true
}
