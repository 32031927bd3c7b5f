/** Arrival rates tried one after the other until the server no longer follows. */
import { Effect } from "effect"
import { say } from "../cluster/BenchCluster.ts"
import * as Metrics from "../cluster/metrics.ts"
import { processCpu, type Watched } from "../harness/processCpu.ts"
import { runLoad } from "../load/child.ts"
import type { LoadPlan, LoadResult } from "../load/Plan.ts"

/** What is not in memory yet, each second. */
const coldCounters = {
  windows: "rookery_window_loads_total",
  renderings: "rookery_render_cache_misses_total",
  followers: "rookery_audience_loads_total"
} as const

export type Cold = Readonly<Record<keyof typeof coldCounters, number>>

export interface Step {
  readonly rate: number
  readonly result: LoadResult
  /** Cores in use, by process; the generator is "generator". */
  readonly cpu: Readonly<Record<string, number>>
  readonly cold: Cold
}

/** What is measured: all processes whose time counts, and those of them that count for themselves. */
export interface Bed {
  readonly watched: ReadonlyArray<Watched>
  readonly members: ReadonlyArray<{ readonly url: string }>
}

type Target = Omit<LoadPlan, "rate" | "warmSeconds">

const defaultWarmSeconds = 3
/** Less of the requests answered in time than this, and the server does not follow. */
const followsShare = 0.97

const coldTotals = (bed: Bed) =>
  Effect.all({
    windows: Metrics.total(bed.members, coldCounters.windows),
    renderings: Metrics.total(bed.members, coldCounters.renderings),
    followers: Metrics.total(bed.members, coldCounters.followers)
  })

/** Growth of each value, each second. */
const growth = <K extends string>(before: Readonly<Record<K, number>>, after: Readonly<Record<K, number>>, seconds: number) =>
  Object.fromEntries(Object.entries<number>(after).map(([name, now]) =>
    [name, (now - (before[name as K] ?? 0)) / seconds])) as Record<K, number>

export const runStep = (bed: Bed, target: Target, rate: number, warmSeconds = defaultWarmSeconds): Effect.Effect<Step, Error> =>
  Effect.gen(function*() {
    const coldBefore = yield* coldTotals(bed)
    const before = yield* processCpu(bed.watched)
    const started = performance.now()
    const result = yield* runLoad({ ...target, rate, warmSeconds })
    const seconds = (performance.now() - started) / 1000
    const { client: _, ...used } = growth(before, yield* processCpu(bed.watched), seconds)
    const cold = growth(coldBefore, yield* coldTotals(bed), seconds)
    const { p50, p99 } = result.kinds[target.mix.home > 0 ? "home" : "post"].latency
    yield* say(`${Math.round(rate)}/s: ${Math.round(result.goodPerSecond)}/s answered, p50 ${p50.toFixed(1)} ms, ` +
      `p99 ${p99.toFixed(1)} ms, ${result.unsent} left unsent` +
      (result.faults.length === 0 ? "" : `, FAULTS: ${result.faults.join("; ")}`))
    return { rate, result, cpu: { ...used, generator: result.generatorCpu }, cold }
  })

export const follows = (step: Step): boolean =>
  step.result.goodPerSecond >= step.rate * followsShare && step.result.unsent === 0

/** Ends with the first rate that saturates the server. */
export const steps = <E>(rates: ReadonlyArray<number>, run: (rate: number) => Effect.Effect<Step, E>) =>
  Effect.gen(function*() {
    const done: Array<Step> = []
    for (const rate of rates) {
      const step = yield* run(rate)
      done.push(step)
      if (!follows(step)) break
    }
    return done
  })
