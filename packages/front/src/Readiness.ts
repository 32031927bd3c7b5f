/** Whether everything that this front needs answers; else what does not. */
import * as Metrics from "@rookery/observe/Metrics"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Clock, Deferred, Effect } from "effect"
import type { Deps } from "./Deps.ts"

/** How long a dependency may take, and how long an answer stands for all who ask. */
const probeMillis = 2_000
const standsMillis = 500

export interface Readiness {
  /** Names of what does not answer. */
  readonly missing: Effect.Effect<ReadonlyArray<string>>
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
  let latest: Deferred.Deferred<ReadonlyArray<string>> | undefined

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
  ], { concurrency: "unbounded" }).pipe(Effect.map((names) => names.filter((name) => name !== undefined)))

  const ask = (now: number) => {
    const asked = latest = Deferred.makeUnsafe<ReadonlyArray<string>>()
    until = now + probeMillis + standsMillis
    return Effect.onExit(probes, (exit) =>
      Effect.flatMap(Clock.currentTimeMillis, (end) => {
        until = end + standsMillis
        return Deferred.done(asked, exit)
      }))
  }
  return {
    missing: Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (deps.isDraining()) return Effect.succeed(["front (stopping)"])
      return latest !== undefined && now < until ? Deferred.await(latest) : ask(now)
    })
  }
}
