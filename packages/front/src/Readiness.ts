/** Whether everything that this front needs answers; else what does not. */
import * as Dependencies from "@rookery/observe/Dependencies"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Effect } from "effect"
import type { Deps } from "./Deps.ts"

export interface Readiness {
  readonly state: Effect.Effect<Dependencies.State>
}

const noPages = PageBatch.encodeRequests([])

const stopping: Dependencies.State = { missing: ["front (stopping)"], degraded: [] }

export const make = (deps: Deps): Readiness => {
  let shard = 0
  /** Another shard each time, so that every runner is asked in turn. */
  const runners = Effect.suspend(() => {
    shard = shard % deps.directory.shardCount + 1
    return deps.calls.readPages(shard, noPages)
  })
  const state = Dependencies.make([
    { name: "postgres", probe: deps.oauth.appByClientId("readiness") },
    { name: "runners", probe: runners },
    { name: "bus", probe: deps.bus.ping },
    // Timelines are loaded from Postgres without them.
    { name: "snapshots", probe: deps.snapshots.ping, isDispensable: true }
  ])
  return { state: Effect.suspend(() => deps.isDraining() ? Effect.succeed(stopping) : state) }
}
