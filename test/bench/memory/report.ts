/** Table, plot and goals of `memory`. */
import type { Report } from "../harness/Bench.ts"
import type { Unit } from "./unit.ts"

/**
 * By RSS without the pages that V8 keeps for the next garbage, since those serve everybody; what is held leaves out
 * native memory, and what malloc cannot use. A follower is too small for RSS to show.
 */
const judged = ({ hasNoRss, held, rss }: Unit): number => hasNoRss === true ? held : rss

const row = (unit: Unit) => {
  const { count, goal = "", hasNoRss, held, isBaseline, rss, rssWithFree, what } = unit
  const resident = hasNoRss === true ? ["", ""] : [String(Math.round(rss)), String(Math.round(rssWithFree))]
  return [isBaseline === true ? `baseline: ${what}` : what, Math.round(count), held, ...resident, goal]
}

const goalOf = (unit: Unit) => unit.goal === undefined ? [] : [{
  what: unit.what,
  goal: `≤ ${unit.goal} B`,
  measured: `${Math.round(judged(unit) * 10) / 10} B`,
  isMet: judged(unit) > 0 ? judged(unit) <= unit.goal : undefined
}]

export const memoryReport = (units: ReadonlyArray<Unit>, entries: number): Report => ({
  tables: [{
    title: `Bytes each; windows held ${Math.round(entries)} entries on average`,
    columns: ["what", "measured over", "held", "RSS", "RSS with V8's free pages", "goal"],
    rows: units.map(row)
  }],
  charts: [{
    name: "bytes",
    title: "Bytes each",
    kind: "bars",
    x: { label: "" },
    y: { label: "bytes", isLog: true },
    series: units.map((unit) => ({ label: unit.label, points: [[0, judged(unit)]], isBaseline: unit.isBaseline === true }))
  }],
  goals: units.flatMap(goalOf),
  data: { units, entries }
})
