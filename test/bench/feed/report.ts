/** Tables, plots and goals of `feed`. */
import { lateralTable } from "../baselines/lateralSql.ts"
import type { Goal, Report } from "../harness/Bench.ts"
import type { Chart } from "../harness/Svg.ts"
import { format, type Table } from "../harness/Table.ts"
import { kinds } from "../load/Plan.ts"
import type { FeedResult } from "./feed.ts"
import { follows, type Step } from "./steps.ts"

const homeGoal = 2_000
const p99Goal = 50
const writeGoal = 1_000

const cpuOf = (step: Step): string => Object.entries(step.cpu).map(([name, cores]) => `${name} ${cores.toFixed(2)}`).join(", ")

const badOf = (step: Step): number => kinds.reduce((sum, kind) => sum + step.result.kinds[kind].bad, 0)

const coldOf = ({ cold }: Step): ReadonlyArray<number> => [cold.windows, cold.renderings, cold.followers]

const homePerSecond = (step: Step): number => step.result.goodPerSecond * 0.6

const mixedTable = (title: string, steps: ReadonlyArray<Step>): Table => ({
  title,
  columns: ["asked/s", "answered/s", "home/s", "home p50", "home p99", "user p50", "user p99", "post p50", "post p99", "failed", "unsent", "cold/s: windows", "renderings", "followers", "cores"],
  rows: steps.map((step) => [
    Math.round(step.rate),
    step.result.goodPerSecond,
    homePerSecond(step),
    ...kinds.flatMap((kind) => [step.result.kinds[kind].latency.p50, step.result.kinds[kind].latency.p99]),
    badOf(step),
    step.result.unsent,
    ...coldOf(step),
    cpuOf(step)
  ])
})

const writeTable = (steps: ReadonlyArray<Step>): Table => ({
  title: "Posts only, times in ms",
  columns: ["asked/s", "acknowledged/s", "p50", "p99", "failed", "unsent", "cold/s: followers", "cores"],
  rows: steps.map((step) => {
    const { latency } = step.result.kinds.post
    return [step.rate, step.result.goodPerSecond, latency.p50, latency.p99, badOf(step), step.result.unsent, step.cold.followers, cpuOf(step)]
  })
})

const latencyChart = (name: string, title: string, steps: ReadonlyArray<Step>, shown: ReadonlyArray<(typeof kinds)[number]>): Chart => ({
  name,
  title,
  x: { label: "requests/s asked for" },
  y: { label: "ms, from the intended send time", isLog: true },
  series: shown.flatMap((kind) =>
    (["p50", "p99"] as const).map((at) => ({
      label: `${kind} ${at}`,
      points: steps.map((step) => [step.rate, step.result.kinds[kind].latency[at]] as const)
    })))
})

const best = (steps: ReadonlyArray<Step>): number => Math.max(...steps.map((step) => step.result.goodPerSecond))

const goalsOf = (result: FeedResult): Array<Goal> => {
  const home = Math.max(...result.mixed.map(homePerSecond))
  const writes = best(result.writes)
  const { p99 } = result.half.result.kinds.home.latency
  return [
    { what: "home reads/s", goal: `≥ ${format(homeGoal)}`, measured: format(Math.round(home)), isMet: home >= homeGoal },
    {
      what: `home p99 at ${format(Math.round(result.half.rate))} requests/s, half of saturation`,
      goal: `< ${p99Goal} ms`,
      measured: `${format(p99)} ms`,
      isMet: p99 < p99Goal
    },
    { what: "acknowledged posts/s", goal: `≥ ${format(writeGoal)}`, measured: format(Math.round(writes)), isMet: writes >= writeGoal }
  ]
}

export const feedReport = (result: FeedResult): Report => {
  const saturated = result.mixed.some((step) => !follows(step))
  const faults = [...result.mixed, result.half, ...result.writes].flatMap((step) => step.result.faults)
  const about = `${format(result.accounts)} accounts, ${result.pulled} authors past the threshold`
  return {
    tables: [
      mixedTable("Warming up, which counts for nothing", [result.warmUp]),
      mixedTable(`60 % home, 30 % user timeline, 10 % posts; ${about}; times in ms`, result.mixed),
      ...(saturated ? [] : [{ title: "The last rate did not saturate the server", columns: [], rows: [] }]),
      mixedTable("At half of saturation", [result.half]),
      writeTable(result.writes),
      lateralTable(result.lateral),
      ...(faults.length === 0 ? [] : [{ title: "Wrong answers", columns: ["what"], rows: faults.map((fault) => [fault]) }])
    ],
    charts: [
      latencyChart("mixed", "60 % home, 30 % user timeline, 10 % posts", result.mixed, kinds),
      latencyChart("writes", "Posts only", result.writes, ["post"])
    ],
    goals: goalsOf(result),
    data: result
  }
}
