/** What both servers of `stream` are measured with: authors whom the active people follow, a runner and a front. */
import * as Graph from "@rookery/testkit/GraphGenerator"
import { Effect } from "effect"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { loadGraph } from "../cluster/loadGraph.ts"
import * as Member from "../cluster/member.ts"
import { type BenchOptions, whole } from "../harness/Bench.ts"
import { requireOpenFiles } from "../harness/openFiles.ts"
import { tokenOf } from "../load/tokens.ts"

export const full = { idle: 10_000, active: 2_000, authors: 50 }

/** Before the first look: what code and caches take must not count. */
export const warmSockets = 200

export const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const idle = whole(options, "idle", Math.round(full.idle * options.scale))
  const active = whole(options, "active", Math.round(full.active * options.scale))
  yield* requireOpenFiles(idle + active)
  const { authors } = full
  // Every author is followed by the active ones, and by nobody else.
  const graph = Graph.nested(Array.from({ length: authors }, () => active), idle + active)
  const cluster = yield* BenchCluster.make(options)
  const loaded = yield* loadGraph(cluster.postgresUrl, graph, { postsPerAccount: () => 0, token: tokenOf, seed: options.seed })
  const [runner] = yield* BenchCluster.startRunners(cluster, 1)
  const front = yield* cluster.startFront()
  const member = yield* Member.join(cluster.postgresUrl)
  // Windows come first, so that what a connection adds to the runner is the session alone.
  const people = Array.from({ length: idle + active }, (_, i) => ({ id: loaded.ids[authors + i]!, no: loaded.nos[authors + i]! }))
  yield* member.makeResident(people, () => {})
  return { active, authors, cluster, front, idle, loaded, member, runner: runner! }
})

export type World = Effect.Success<ReturnType<typeof prepare>>
