/** Tables, plots and goals of `stream`. */
import type { Goal, Report } from "../harness/Bench.ts"
import { coresText } from "../harness/processCpu.ts"
import { format, type Table } from "../harness/Table.ts"
import type { Added } from "../memory/probing.ts"
import { follows, type PostStep } from "./posts.ts"
import type { StreamResult } from "./stream.ts"

/** Bytes that the issue allows on the front and in the runner. */
const goals = { socket: 12_000, person: 4_000 }

const stepTable = (title: string, steps: ReadonlyArray<PostStep>): Table => ({
  title,
  columns: ["posts/s", "frames/s", "p50", "p99", "max", "missing", "followed", "cores"],
  rows: steps.map((step) => [
    step.rate,
    step.frames / step.seconds,
    step.late.p50,
    step.late.p99,
    step.late.max,
    step.expected - step.frames,
    follows(step) ? "yes" : "no",
    coresText(step.cpu)
  ])
})

/** By RSS without pages that V8 keeps for the next garbage: those serve everybody, and no further socket needs more of them. */
const goal = (what: string, bytes: number, { held, rss }: Added): Goal => ({
  what,
  goal: `≤ ${format(bytes)} B of RSS`,
  measured: `${format(Math.round(rss))} B of RSS, ${format(Math.round(held))} B held`,
  isMet: rss <= bytes
})

export const streamReport = (result: StreamResult): Report => {
  const missing = result.steps.reduce((sum, step) => sum + step.expected - step.frames, 0)
  return {
    tables: [
      {
        title: `One front, ${format(result.idle)} idle and ${format(result.active)} active sockets: bytes each, after a collection`,
        columns: ["what", "held", "RSS", "RSS with V8's free pages"],
        rows: ([
          ["socket on the front", result.socket],
          ["person in Session, on the runner", result.person],
          ["socket on a bare ws server", result.bareSocket]
        ] as const).map(([what, { held, rss, rssWithFree }]) => [what, held, rss, rssWithFree])
      },
      stepTable(`Rookery: from the intended post to the frame, ${format(result.active)} frames a post; times in ms`, result.steps),
      stepTable("PUBLISH to Redis, bare ws server, the same payloads; times in ms", result.bareSteps)
    ],
    charts: [{
      name: "latency",
      title: `From the intended post to each of ${format(result.active)} frames`,
      x: { label: "posts/s" },
      y: { label: "ms", isLog: true },
      series: ([["Rookery", result.steps], ["Redis + ws", result.bareSteps]] as const).flatMap(([name, steps]) =>
        (["p50", "p99"] as const).map((at) => ({
          label: `${name} ${at}`,
          points: steps.map((step) => [step.rate, step.late[at]] as const)
        })))
    }],
    goals: [
      goal("memory of a socket on the front", goals.socket, result.socket),
      goal("memory of a connected person in Session", goals.person, result.person),
      {
        what: "every post reaches every active socket, and no socket is lost",
        goal: "0 missing, 0 lost",
        measured: `${missing} missing, ${result.lost} lost`,
        isMet: missing === 0 && result.lost === 0
      }
    ],
    data: result
  }
}
