/** Tables, plots and goals of `notify`. */
import type { Report } from "../harness/Bench.ts"
import type { Chart } from "../harness/Svg.ts"
import { coresText } from "../harness/processCpu.ts"
import { format, type Table } from "../harness/Table.ts"
import type { NotifyResult } from "./notify.ts"
import { follows, type Step } from "./steps.ts"

const table = (title: string, steps: ReadonlyArray<Step>): Table => ({
  title,
  columns: ["asked/s", "events/s", "due→frame p50", "p99", "durable→frame p50", "p99", "ack p50", "p99", "refused", "missing", "unsent", "cores"],
  rows: steps.map((step) => [
    step.rate,
    step.framesInTime / step.seconds,
    ...[step.fromDue, step.fromDurable, step.acknowledged].flatMap(({ p50, p99 }) => [p50, p99]),
    step.failed,
    step.missing,
    step.unsent,
    coresText(step.cpu)
  ])
})

const chart = (result: NotifyResult): Chart => ({
  name: "latency",
  title: "From the intended like to the notification's frame",
  x: { label: "likes/s asked for" },
  y: { label: "ms", isLog: true },
  series: ([["Rookery", result.rookery], ["Redis + ws", result.redis]] as const).flatMap(([name, steps]) =>
    (["p50", "p99"] as const).map((at) => ({
      label: `${name} ${at}`,
      points: steps.map((step) => [step.rate, step.fromDue[at]] as const)
    })))
})

const best = (steps: ReadonlyArray<Step>): number => Math.max(...steps.map((step) => step.framesInTime / step.seconds))

export const notifyReport = (result: NotifyResult): Report => {
  const missing = result.rookery.reduce((sum, step) => sum + step.missing, 0)
  const saturated = result.rookery.some((step) => !follows(step))
  return {
    tables: [
      table(`Rookery: ${format(result.recipients)} people with a socket each, ${format(result.likers)} who like; times in ms`, result.rookery),
      ...(saturated ? [] : [{ title: "The last rate did not saturate it", columns: [], rows: [] }]),
      table("One transaction each, PUBLISH to Redis, bare ws server; times in ms", result.redis)
    ],
    charts: [chart(result)],
    goals: [
      {
        what: "every acknowledged like reaches its socket once",
        goal: "0 missing, 0 twice or unasked",
        measured: `${missing} missing, ${result.strange} twice or unasked`,
        isMet: missing === 0 && result.strange === 0
      },
      {
        what: "events/s through to sockets, beside Redis + ws",
        goal: `≥ ${format(Math.round(best(result.redis)))}`,
        measured: format(Math.round(best(result.rookery))),
        isMet: best(result.rookery) >= best(result.redis)
      }
    ],
    data: result
  }
}
