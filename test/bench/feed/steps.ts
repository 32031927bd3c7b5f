/** Arrival rates tried one after the other until the server no longer follows. */
import { Effect } from "effect"
import { say } from "../cluster/BenchCluster.ts"
import { processCpu, type Watched } from "../harness/processCpu.ts"
import { runLoad } from "../load/child.ts"
import type { LoadPlan, LoadResult } from "../load/Plan.ts"

export interface Step {
  readonly rate: number
  readonly result: LoadResult
  /** Cores in use, by process; the generator is "generator". */
  readonly cpu: Readonly<Record<string, number>>
}

type Target = Omit<LoadPlan, "rate" | "warmSeconds">
type Members = ReadonlyArray<Watched>

const warmSeconds = 3
/** Less of the requests answered in time than this, and the server does not follow. */
const followsShare = 0.97

export const runStep = (members: Members, target: Target, rate: number): Effect.Effect<Step, Error> =>
  Effect.gen(function*() {
    const before = yield* processCpu(members)
    const started = performance.now()
    const result = yield* runLoad({ ...target, rate, warmSeconds })
    const seconds = (performance.now() - started) / 1000
    const after = yield* processCpu(members)
    const { client: _, ...used } = Object.fromEntries(
      Object.entries(after).map(([name, now]) => [name, (now - (before[name] ?? 0)) / seconds])
    )
    const { p50, p99 } = result.kinds[target.mix.home > 0 ? "home" : "post"].latency
    yield* say(`${Math.round(rate)}/s: ${Math.round(result.goodPerSecond)}/s answered, p50 ${p50.toFixed(1)} ms, ` +
      `p99 ${p99.toFixed(1)} ms, ${result.unsent} left unsent` +
      (result.faults.length === 0 ? "" : `, FAULTS: ${result.faults.join("; ")}`))
    return { rate, result, cpu: { ...used, generator: result.generatorCpu } }
  })

export const follows = (step: Step): boolean =>
  step.result.goodPerSecond >= step.rate * followsShare && step.result.unsent === 0

/** Ends with the first rate that saturates the server. */
export const steps = (members: Members, target: Target, rates: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    const done: Array<Step> = []
    for (const rate of rates) {
      const step = yield* runStep(members, target, rate)
      done.push(step)
      if (!follows(step)) break
    }
    return done
  })
