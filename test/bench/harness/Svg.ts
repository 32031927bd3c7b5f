/** Plots as SVG text, without a library: points joined by lines, on linear or logarithmic axes. */
import * as Axis from "./SvgAxis.ts"

export interface Series {
  readonly label: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
  /** A bar of what others do is grey. */
  readonly isBaseline?: boolean
}

export interface Chart {
  /** Becomes part of the file's name: lower-case letters, digits and `-`. */
  readonly name: string
  readonly title: string
  readonly x: Axis.AxisOptions
  readonly y: Axis.AxisOptions
  readonly series: ReadonlyArray<Series>
  /** `lines` unless said otherwise; `bars` draws one bar a series, labelled by it. */
  readonly kind?: "lines" | "bars"
}

const width = 860
const height = 480
const box = { left: 90, right: 230, top: 50, bottom: 60 }
const colours = ["#1b6ca8", "#d1495b", "#2e8b57", "#edae49", "#6a4c93", "#444444"]
const grey = "#b8b8b8"

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

const text = (x: number, y: number, content: string, anchor = "middle", extra = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${extra}>${escape(content)}</text>`

const line = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}"/>`

const frame = (chart: Chart, x: Axis.Axis | undefined, y: Axis.Axis): Array<string> => {
  const middle = (box.left + width - box.right) / 2
  const parts = [
    text(middle, 28, chart.title, "middle", "font-size=\"16\" font-weight=\"bold\""),
    text(middle, height - 14, chart.x.label),
    text(22, height / 2, chart.y.label, "middle", `transform="rotate(-90 22 ${height / 2})"`)
  ]
  for (const tick of y.ticks) {
    parts.push(line(box.left, y.at(tick), width - box.right, y.at(tick), "#dddddd"))
    parts.push(text(box.left - 8, y.at(tick) + 4, Axis.label(tick), "end"))
  }
  for (const tick of x?.ticks ?? []) {
    parts.push(line(x!.at(tick), box.top, x!.at(tick), height - box.bottom, "#eeeeee"))
    parts.push(text(x!.at(tick), height - box.bottom + 18, Axis.label(tick)))
  }
  return parts
}

const drawLine = (series: Series, i: number, x: Axis.Axis, y: Axis.Axis): string => {
  const colour = colours[i % colours.length]!
  const at = series.points.map(([px, py]) => [x.at(px).toFixed(1), y.at(py).toFixed(1)] as const)
  const dots = at.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`).join("")
  const path = `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${at.map((p) => p.join(",")).join(" ")}"/>`
  const key = box.top + 10 + i * 20
  return path + dots + line(width - box.right + 14, key, width - box.right + 34, key, colour) +
    text(width - box.right + 40, key + 4, series.label, "start")
}

const drawBar = (series: Series, i: number, count: number, y: Axis.Axis): string => {
  const slot = (width - box.left - box.right) / count
  const value = series.points[0]?.[1] ?? 0
  const left = box.left + i * slot + slot * 0.15
  const top = y.at(value)
  const bottom = height - box.bottom
  const colour = series.isBaseline === true ? grey : colours[i % colours.length]!
  return `<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${(slot * 0.7).toFixed(1)}" ` +
    `height="${(bottom - top).toFixed(1)}" fill="${colour}"/>` +
    text(left + slot * 0.35, top - 6, Axis.label(value)) +
    text(width - box.right + 14, box.top + 14 + i * 20, `${i + 1}  ${series.label}`, "start") +
    text(left + slot * 0.35, bottom + 18, `${i + 1}`)
}

/** The whole file. */
export const render = (chart: Chart): string => {
  const points = chart.series.flatMap((series) => series.points)
  const isBars = chart.kind === "bars"
  const y = Axis.make(chart.y, points.map(([, py]) => py), height - box.bottom, box.top)
  const x = isBars ? undefined : Axis.make(chart.x, points.map(([px]) => px), box.left, width - box.right)
  const drawn = chart.series.map((series, i) =>
    x === undefined ? drawBar(series, i, chart.series.length, y) : drawLine(series, i, x, y)
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ...frame(chart, x, y),
    ...drawn,
    "</svg>"
  ].join("\n")
}
