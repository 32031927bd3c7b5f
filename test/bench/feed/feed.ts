/** A whole server over HTTP under the field's workload, at fixed arrival rates, up to where it no longer follows. */
import * as Graph from "@rookery/testkit/GraphGenerator"
import { Effect } from "effect"
import { type LateralFigure, measureLateral } from "../baselines/lateralSql.ts"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { loadGraph } from "../cluster/loadGraph.ts"
import * as Member from "../cluster/member.ts"
import { type Bench, type BenchOptions, whole } from "../harness/Bench.ts"
import type { LoadPlan } from "../load/Plan.ts"
import { profiled } from "../memory/probing.ts"
import { feedReport } from "./report.ts"
import { runStep, type Step, steps } from "./steps.ts"

const full = { accounts: 20_000, followsMin: 100, followsMax: 400, history: 20, runners: 1, fronts: 1, connections: 64 }
const mixed: LoadPlan["mix"] = { home: 0.6, user: 0.3, post: 0.1 }
const writesOnly: LoadPlan["mix"] = { home: 0, user: 0, post: 1 }
const mixedRates = [500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 5_000, 6_000, 8_000]
const writeRates = [250, 500, 750, 1_000, 1_250, 1_500, 2_000, 3_000]

/** Code is compiled and caches fill before anything counts. */
const warmRate = 300

const tokenOf = (index: number): string => `bench-token-${index}`.padEnd(43, "x")

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const accounts = whole(options, "accounts", Math.round(full.accounts * options.scale))
  const { followsMax, followsMin } = full
  const graph = Graph.crowd({ accounts, followsMin, followsMax, seed: options.seed })
  const followers = Graph.followerCounts(graph)
  const pulled = followers.filter((count) => count >= 10_000).length
  const cluster = yield* BenchCluster.make(options)
  yield* BenchCluster.say(`${accounts} accounts, ${graph.followees.length} follows, ${pulled} authors past the threshold`)
  const loaded = yield* loadGraph(cluster.postgresUrl, graph, {
    postsPerAccount: () => full.history,
    token: tokenOf,
    seed: options.seed
  })
  const ids = Array.from(loaded.ids)
  yield* BenchCluster.say("measuring the lateral join by itself")
  const lateral = yield* measureLateral({
    postgresUrl: cluster.postgresUrl,
    accounts: ids,
    seconds: options.seconds,
    seed: options.seed
  })
  const runners = yield* BenchCluster.startRunners(cluster, whole(options, "runners", full.runners))
  const fronts = yield* Effect.forEach(Array.from({ length: full.fronts }), () => cluster.startFront())
  const member = yield* Member.join(cluster.postgresUrl)
  yield* member.makeResident(ids.map((id, i) => ({ id, no: loaded.nos[i]! })), () => {})
  yield* BenchCluster.say("every timeline is resident")
  const people = ids.map((id, i) => ({ accountId: String(id), token: tokenOf(i) }))
  return { accounts, cluster, fronts, lateral, people, pulled, runners }
})

const ratesOf = (options: BenchOptions, name: string, otherwise: ReadonlyArray<number>): ReadonlyArray<number> => {
  const rates = options.more.get(name)?.split(",").map(Number) ?? otherwise
  if (rates.every((rate) => rate > 0)) return rates
  throw new RangeError(`--${name} must be numbers above 0 between commas`)
}

export interface FeedResult {
  readonly accounts: number
  readonly pulled: number
  readonly mixed: ReadonlyArray<Step>
  /** At half of what saturated it. */
  readonly half: Step
  readonly writes: ReadonlyArray<Step>
  readonly lateral: ReadonlyArray<LateralFigure>
}

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const { accounts, cluster, fronts, lateral, people, pulled, runners } = yield* prepare(options)
  const members = [...runners, ...fronts]
  const watched = BenchCluster.watched(cluster, members)
  const target = {
    port: Number(new URL(fronts[0]!.url).port),
    people,
    connections: whole(options, "connections", full.connections),
    seconds: options.seconds,
    seed: options.seed
  }
  yield* BenchCluster.say("warming up")
  yield* runStep(watched, { ...target, mix: mixed }, warmRate)
  const mixedSteps = yield* steps(watched, { ...target, mix: mixed }, ratesOf(options, "rates", mixedRates))
  const best = Math.max(...mixedSteps.map((step) => step.result.goodPerSecond))
  const halfStep = runStep(watched, { ...target, mix: mixed }, best / 2)
  const half = yield* options.isProfiled
    ? profiled(members.map(({ pid }) => pid), cluster.probeFolder, "feed", options.out, halfStep)
    : halfStep
  const writes = yield* steps(watched, { ...target, mix: writesOnly }, ratesOf(options, "write-rates", writeRates))
  return { accounts, half, lateral, mixed: mixedSteps, pulled, writes } satisfies FeedResult
})

export const feed: Bench = {
  name: "feed",
  about: "60 % home, 30 % user timeline, 10 % posts over HTTP, beside the lateral join",
  options: {
    accounts: `accounts (${full.accounts} × scale)`,
    rates: `requests/s to try, in order (${mixedRates.join(",")})`,
    "write-rates": `posts/s to try, in order (${writeRates.join(",")})`,
    connections: `connections of the load generator (${full.connections})`,
    runners: `runner processes (${full.runners})`
  },
  run: (options) => Effect.map(Effect.scoped(measure(options)), feedReport)
}
