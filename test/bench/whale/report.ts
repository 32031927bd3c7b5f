/** Table and plots of `whale`. */
import type { Report } from "../harness/Bench.ts"
import type { Chart } from "../harness/Svg.ts"
import type { WhaleFigure } from "./whale.ts"

type Of = (figure: WhaleFigure) => number | undefined

const pointsOf = (figures: ReadonlyArray<WhaleFigure>, of: Of) =>
  figures.flatMap((figure) => {
    const value = of(figure)
    return value === undefined ? [] : [[figure.followers, value] as const]
  })

const chart = (name: string, title: string, label: string, figures: ReadonlyArray<WhaleFigure>, of: Of): Chart => ({
  name,
  title,
  x: { label: "resident followers", isLog: true },
  y: { label, isLog: true },
  series: [...new Set(figures.map((figure) => figure.mode))].map((mode) => ({
    label: mode,
    points: pointsOf(figures.filter((figure) => figure.mode === mode), of)
  })).filter((series) => series.points.length > 0)
})

export const whaleReport = (figures: ReadonlyArray<WhaleFigure>): Report => ({
  tables: [{
    title: "One post, from its acknowledgement to the last resident timeline; in Redis from the first command to the last answer",
    columns: ["mode", "followers", "entries a timeline", "ms", "messages", "CPU ms of runners, of Redis"],
    rows: figures.map((figure) => [
      figure.mode,
      figure.followers,
      figure.entries,
      figure.seconds * 1000,
      figure.messages ?? "",
      Math.round(figure.cpuSeconds * 1000)
    ])
  }],
  charts: [
    chart("time", "One post, until the last timeline has it", "ms", figures, (figure) => figure.seconds * 1000),
    chart("messages", "Messages for one post", "messages", figures, (figure) => figure.messages)
  ],
  goals: [],
  data: figures
})
