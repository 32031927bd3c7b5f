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

/**
 * Connections: a request that waits for a free one waits for the generator, and no more are under way than there are: with 64 at
 * 30 ms each it sent 2,130 a second at most, whatever the server could do. People come with a connection each.
 */
const full = { accounts: 20_000, followsMin: 100, followsMax: 400, history: 20, runners: 1, fronts: 1, connections: 512, warm: 180, half: 30 }
const mixed: LoadPlan["mix"] = { home: 0.6, user: 0.3, post: 0.1 }
const writesOnly: LoadPlan["mix"] = { home: 0, user: 0, post: 1 }
const mixedRates = [500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 5_000, 6_000, 8_000]
const writeRates = [250, 500, 750, 1_000, 1_250, 1_500, 2_000, 3_000]

/**
 * Requests/s before anything counts: code is compiled, and caches fill as they are in a server that runs. Most people's own timelines
 * were read by the end and most authors have posted once; what is cold yet is in the tables.
 */
const warmRate = 1_000

/**
 * Uncounted seconds of the step at half of saturation, in which what the saturated server left undone (fan-outs, requests of people who gave up)
 * is done. That step is longer than the others: in 5 s there is a collection of a process's whole heap, or there is none.
 */
const settleSeconds = 10

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
  /** Apart from the goals: what a server that runs for a while has in memory and compiled already. */
  readonly warmUp: Step
  readonly mixed: ReadonlyArray<Step>
  /** At half of what saturated it. */
  readonly half: Step
  readonly writes: ReadonlyArray<Step>
  readonly lateral: ReadonlyArray<LateralFigure>
}

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const { accounts, cluster, fronts, lateral, people, pulled, runners } = yield* prepare(options)
  const members = [...runners, ...fronts]
  const bed = { members, watched: BenchCluster.watched(cluster, members) }
  const target = {
    port: Number(new URL(fronts[0]!.url).port),
    people,
    connections: whole(options, "connections", full.connections),
    seconds: options.seconds
  }
  let { seed } = options
  // Nobody asks for the same again in the same order: the next step would find it all in memory.
  const step = (mix: LoadPlan["mix"], seconds = options.seconds, warmSeconds?: number) => (rate: number) =>
    Effect.suspend(() => runStep(bed, { ...target, mix, seconds, seed: seed++ }, rate, warmSeconds))
  const seen = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
    profiled(members.map(({ pid }) => pid), cluster.probeFolder, name, options.out, effect)
  yield* BenchCluster.say("warming up")
  const warmUp = yield* step(mixed, whole(options, "warm", full.warm))(warmRate)
  const mixedSteps = yield* steps(ratesOf(options, "rates", mixedRates), step(mixed))
  const best = Math.max(...mixedSteps.map(({ result }) => result.goodPerSecond))
  if (options.isProfiled) yield* seen("feed-saturated", step(mixed)(best))
  const halfStep = step(mixed, whole(options, "half", full.half), settleSeconds)(best / 2)
  const half = yield* options.isProfiled ? seen("feed-half", halfStep) : halfStep
  const writes = yield* steps(ratesOf(options, "write-rates", writeRates), step(writesOnly))
  return { accounts, half, lateral, mixed: mixedSteps, pulled, warmUp, writes } satisfies FeedResult
})

export const feed: Bench = {
  name: "feed",
  about: "60 % home, 30 % user timeline, 10 % posts over HTTP, beside the lateral join",
  options: {
    accounts: `accounts (${full.accounts} × scale)`,
    rates: `requests/s to try, in order (${mixedRates.join(",")})`,
    "write-rates": `posts/s to try, in order (${writeRates.join(",")})`,
    warm: `seconds of warming up, at ${warmRate} requests/s (${full.warm})`,
    half: `seconds at half of saturation (${full.half})`,
    connections: `connections of the load generator (${full.connections})`,
    runners: `runner processes (${full.runners})`
  },
  run: (options) => Effect.map(Effect.scoped(measure(options)), feedReport)
}
