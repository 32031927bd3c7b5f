/** Prints a report and leaves it as JSON and SVG. */
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { BenchOptions, Report } from "./Bench.ts"
import * as Machine from "./Machine.ts"
import * as Svg from "./Svg.ts"
import * as Table from "./Table.ts"

const goalTable = (report: Report): Table.Table => ({
  title: "Goals",
  columns: ["what", "goal", "measured", ""],
  rows: report.goals.map((goal) => [goal.what, goal.goal, goal.measured, goal.isMet === undefined ? "UNDECIDED" : goal.isMet ? "met" : "MISSED"])
})

/** Answers the names of the files written. */
export const publish = async (
  name: string,
  options: BenchOptions,
  machine: Machine.Machine,
  report: Report
): Promise<Array<string>> => {
  const tables = report.goals.length === 0 ? report.tables : [...report.tables, goalTable(report)]
  for (const table of tables) console.log(`\n${Table.render(table)}`)
  console.log(`\n${Machine.line(machine)}`)
  await mkdir(options.out, { recursive: true })
  const stamp = machine.measuredAt.replaceAll(/[:.]/g, "-")
  const { more, ...known } = options
  const json = { bench: name, machine, options: { ...known, ...Object.fromEntries(more) }, tables, data: report.data }
  const files = [join(options.out, `${name}-${stamp}.json`)]
  await writeFile(files[0]!, JSON.stringify(json, (_, value) => typeof value === "bigint" ? String(value) : value, 2))
  for (const chart of report.charts) {
    const file = join(options.out, `${name}-${stamp}-${chart.name}.svg`)
    await writeFile(file, Svg.render(chart))
    files.push(file)
  }
  return files
}
