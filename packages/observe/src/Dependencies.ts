/** Whether what a process needs answers; asked for by whoever looks at `/ready`. */
import { Clock, Deferred, Effect } from "effect"
import { inTime } from "./inTime.ts"
import * as Metrics from "./Metrics.ts"

/** How long a dependency may take, and how long an answer stands for all who ask. */
const probeMillis = 2_000
const standsMillis = 500

/** Names of what does not answer. */
export interface State {
  /** Without these nobody can be served rightly. */
  readonly missing: ReadonlyArray<string>
  /** Without these everything is served, slower. */
  readonly degraded: ReadonlyArray<string>
}

export interface Dependency {
  readonly name: string
  /** Fails, or takes longer than two seconds, when it is not there. */
  readonly probe: Effect.Effect<unknown, unknown>
  /** Whether all is served without it, slower. */
  readonly isDispensable?: boolean
}

const isThere = ({ name, probe }: Dependency): Effect.Effect<boolean> =>
  inTime(probe, probeMillis).pipe(
    Effect.exit,
    Effect.map((exit) => {
      const isUp = exit._tag === "Success"
      Metrics.dependencyUp.at(name).value = isUp ? 1 : 0
      return isUp
    })
  )

const stateOf = (gone: ReadonlyArray<Dependency>): State => ({
  missing: gone.filter(({ isDispensable }) => isDispensable !== true).map(({ name }) => name),
  degraded: gone.filter(({ isDispensable }) => isDispensable === true).map(({ name }) => name)
})

/** All are asked at once, and whoever asks within half a second of an answer, or while they are asked, shares it. */
export const make = (dependencies: ReadonlyArray<Dependency>): Effect.Effect<State> => {
  let until = 0
  let latest: Deferred.Deferred<State> | undefined
  const probes = Effect.map(
    Effect.forEach(dependencies, isThere, { concurrency: "unbounded" }),
    (areUp) => stateOf(dependencies.filter((_, i) => !areUp[i]!))
  )
  const ask = (now: number) => {
    const asked = latest = Deferred.makeUnsafe<State>()
    until = now + probeMillis + standsMillis
    return Effect.onExit(probes, (exit) =>
      Effect.flatMap(Clock.currentTimeMillis, (end) => {
        until = end + standsMillis
        return Deferred.done(asked, exit)
      }))
  }
  return Effect.flatMap(Clock.currentTimeMillis, (now) =>
    latest !== undefined && now < until ? Deferred.await(latest) : ask(now))
}

/** The answer of `/ready`: 503 while anything is missing. */
export const answerOf = ({ degraded, missing }: State): { readonly status: 200 | 503; readonly body: object } =>
  missing.length === 0
    ? { status: 200, body: { ready: true, missing, degraded } }
    : { status: 503, body: { error: `Not ready: ${missing.join(", ")}`, ready: false, missing, degraded } }
