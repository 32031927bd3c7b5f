/** Whether everything that this front needs answers; else what does not. */
import * as Metrics from "@rookery/observe/Metrics"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Clock, Deferred, Effect } from "effect"
import type { Deps } from "./Deps.ts"

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

export interface Readiness {
  readonly state: Effect.Effect<State>
}

/** Timelines are loaded from Postgres without them. */
const dispensable: ReadonlySet<string> = new Set(["snapshots"])

const stateOf = (names: ReadonlyArray<string | undefined>): State => {
  const gone = names.filter((name) => name !== undefined)
  return { missing: gone.filter((name) => !dispensable.has(name)), degraded: gone.filter((name) => dispensable.has(name)) }
}

const answers = <A, E>(name: string, probe: Effect.Effect<A, E>): Effect.Effect<string | undefined> =>
  probe.pipe(
    Effect.timeout(probeMillis),
    Effect.exit,
    Effect.map((exit) => {
      const isUp = exit._tag === "Success"
      Metrics.dependencyUp.at(name).value = isUp ? 1 : 0
      return isUp ? undefined : name
    })
  )

const noPages = PageBatch.encodeRequests([])

export const make = (deps: Deps): Readiness => {
  let shard = 0
  let until = 0
  let latest: Deferred.Deferred<State> | undefined

  /** Another shard each time, so that every runner is asked in turn. */
  const runners = Effect.suspend(() => {
    shard = shard % deps.directory.shardCount + 1
    return deps.calls.readPages(shard, noPages)
  })
  const probes = Effect.all([
    answers("postgres", deps.oauth.appByClientId("readiness")),
    answers("runners", runners),
    answers("bus", deps.bus.ping),
    answers("snapshots", deps.snapshots.ping)
  ], { concurrency: "unbounded" }).pipe(Effect.map(stateOf))

  const ask = (now: number) => {
    const asked = latest = Deferred.makeUnsafe<State>()
    until = now + probeMillis + standsMillis
    return Effect.onExit(probes, (exit) =>
      Effect.flatMap(Clock.currentTimeMillis, (end) => {
        until = end + standsMillis
        return Deferred.done(asked, exit)
      }))
  }
  return {
    state: Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (deps.isDraining()) return Effect.succeed({ missing: ["front (stopping)"], degraded: [] })
      return latest !== undefined && now < until ? Deferred.await(latest) : ask(now)
    })
  }
}
