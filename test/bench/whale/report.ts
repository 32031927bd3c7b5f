/** Table and plots of `whale`. */
import type { Report } from "../harness/Bench.ts"
import type { Chart } from "../harness/Svg.ts"
import type { WhaleFigure } from "./whale.ts"

const modes = ["push", "pull"] as const

const chart = (name: string, title: string, label: string, figures: ReadonlyArray<WhaleFigure>, of: (figure: WhaleFigure) => number): Chart => ({
  name,
  title,
  x: { label: "resident followers", isLog: true },
  y: { label, isLog: true },
  series: modes.map((mode) => ({
    label: mode,
    points: figures.filter((figure) => figure.mode === mode).map((figure) => [figure.followers, of(figure)] as const)
  }))
})

export const whaleReport = (figures: ReadonlyArray<WhaleFigure>): Report => ({
  tables: [{
    title: "One post, from its acknowledgement to the last resident timeline",
    columns: ["mode", "followers", "ms", "messages", "runners' CPU ms"],
    rows: figures.map((figure) => [
      figure.mode,
      figure.followers,
      figure.seconds * 1000,
      figure.messages,
      Math.round(figure.cpuSeconds * 1000)
    ])
  }],
  charts: [
    chart("time", "From acknowledgement to the last resident timeline", "ms", figures, (figure) => figure.seconds * 1000),
    chart("messages", "Messages for one post", "messages", figures, (figure) => figure.messages)
  ],
  goals: [],
  data: figures
})
