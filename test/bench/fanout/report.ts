/** The table, plot and goals of `fanout`. */
import type { RedisFigure } from "../baselines/redis.ts"
import type { Report } from "../harness/Bench.ts"
import type { Table } from "../harness/Table.ts"
import type { PublishFigure } from "./publishAll.ts"

export interface FanoutResult {
  readonly readers: number
  readonly authors: number
  readonly follows: number
  readonly runners: number
  /** Timelines that equal the join. */
  readonly checked: number
  readonly figure: PublishFigure
}

const goalPerSecond = 500_000
const thousands = (value: number): string => Math.round(value).toLocaleString("en-GB")

const rookeryTable = ({ authors, checked, figure, readers, runners }: FanoutResult): Table => ({
  title: `Rookery: ${runners} runner processes, ${thousands(readers)} resident timelines, ${thousands(authors)} authors`,
  columns: ["measured", "value"],
  rows: [
    ["posts acknowledged", figure.posts],
    ["followers a post", figure.expected / figure.posts],
    ["deliveries", figure.deliveries],
    ["seconds to the last delivery", figure.totalSeconds],
    ["deliveries/s", figure.deliveries / figure.totalSeconds],
    ["posts/s acknowledged", figure.posts / figure.publishSeconds],
    ["acknowledged p50 ms", figure.acknowledged.p50],
    ["acknowledged p99 ms", figure.acknowledged.p99],
    ["messages a post", figure.batches / figure.posts],
    ["timelines equal to the join", checked],
    ...Object.entries(figure.cpu).map(([name, seconds]) => [`CPU ${name}, cores`, seconds / figure.totalSeconds] as const)
  ]
})

export const fanoutReport = (result: FanoutResult, redis: ReadonlyArray<RedisFigure>, redisTable: Table): Report => {
  const perSecond = result.figure.deliveries / result.figure.totalSeconds
  const script = redis.find((figure) => figure.name.startsWith("ZADD") && figure.name.includes("Lua"))!
  const bars = [{ name: "Rookery", deliveriesPerSecond: perSecond }, ...redis]
  return {
    tables: [rookeryTable(result), redisTable],
    charts: [{
      name: "deliveries",
      title: "Deliveries per second",
      kind: "bars",
      x: { label: "way" },
      y: { label: "deliveries/s" },
      series: bars.map((bar) => ({ label: bar.name, points: [[0, bar.deliveriesPerSecond]] }))
    }],
    goals: [
      {
        what: "deliveries/s on 2 cores",
        goal: `≥ ${thousands(goalPerSecond)}`,
        measured: thousands(perSecond),
        isMet: perSecond >= goalPerSecond
      },
      {
        what: "deliveries/s beside the same as a Lua script in Redis",
        goal: `≥ ${thousands(script.deliveriesPerSecond)}`,
        measured: thousands(perSecond),
        isMet: perSecond >= script.deliveriesPerSecond
      }
    ],
    data: { rookery: result, redis }
  }
}
