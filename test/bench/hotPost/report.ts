/** Tables, plots and goals of `hot-post`. */
import type { Report } from "../harness/Bench.ts"
import { coresText } from "../harness/processCpu.ts"
import { format, type Table } from "../harness/Table.ts"
import { isExact } from "./crowd.ts"
import type { HotPostResult } from "./hotPost.ts"
import { follows, type LikeStep } from "./steps.ts"

const likesGoal = 2_000

const perSecond = (step: LikeStep): number => step.inTime / step.seconds

const table = (title: string, steps: ReadonlyArray<LikeStep>): Table => ({
  title,
  columns: ["asked/s", "answered/s", "p50", "p99", "failed", "unsent", "counter", "set", "API", "acknowledged", "exact", "cores"],
  rows: steps.map((step) => [
    step.rate ?? "all",
    perSecond(step),
    step.latency.p50,
    step.latency.p99,
    step.failed,
    step.unsent,
    step.truth.counter,
    step.truth.set,
    step.truth.api,
    step.truth.acknowledged,
    isExact(step.truth) ? "yes" : "NO",
    coresText(step.cpu)
  ])
})

export const hotPostReport = (result: HotPostResult): Report => {
  const best = Math.max(...result.http.map(perSecond))
  const bare = Math.max(...result.bare.map((figure) => figure.likesPerSecond))
  const saturated = result.http.some((step) => !follows(step))
  const allExact = [...result.http, result.direct].every((step) => isExact(step.truth))
  return {
    tables: [
      table("Likes of one post over HTTP, one in ten taken back; a new post for each rate; times in ms", result.http),
      ...(saturated ? [] : [{ title: "The last rate did not saturate it", columns: [], rows: [] }]),
      table("The actor without HTTP, as fast as it answers", [result.direct]),
      {
        title: "Postgres by itself: one transaction for each like, as fast as it answers",
        columns: ["way", "likes/s", "p50 ms", "p99 ms", "exact"],
        rows: result.bare.map(({ isExact: exact, latency, likesPerSecond, way }) =>
          [way, likesPerSecond, latency.p50, latency.p99, exact ? "yes" : "NO"])
      }
    ],
    charts: [{
      name: "likes",
      title: "Likes of one post, from the intended act to its answer",
      x: { label: "likes and unlikes/s asked for" },
      y: { label: "ms", isLog: true },
      series: (["p50", "p99"] as const).map((at) => ({
        label: at,
        points: result.http.map((step) => [step.rate ?? 0, step.latency[at]] as const)
      }))
    }],
    goals: [
      {
        what: "likes/s of one post over HTTP",
        goal: `≥ ${format(likesGoal)}`,
        measured: `${format(Math.round(best))}; Postgres by itself ${format(Math.round(bare))}`,
        isMet: best >= likesGoal
      },
      { what: "counter, set, API and answers agree at the end", goal: "always", measured: allExact ? "always" : "NOT always", isMet: allExact }
    ],
    data: result
  }
}
