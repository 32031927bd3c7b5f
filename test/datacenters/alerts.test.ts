/** The alert rules of `config/alerts`: Prometheus can read them, and they ask for metrics that there are. */
import { assert, describe, it } from "@effect/vitest"
import "@rookery/observe/Metrics"
import { registered } from "@rookery/observe/Counters"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = fileURLToPath(new URL("../../config/alerts/datacenters.yml", import.meta.url))
const lines = readFileSync(file, "utf8").split("\n")

/** The part of YAML that the file keeps to: nothing else may stand in it. */
const shapes = [
  /^$/,
  /^#/,
  /^groups:$/,
  /^ {2}- name: [a-z-]+$/,
  /^ {4}rules:$/,
  /^ {6}- alert: [A-Z]\w+$/,
  /^ {8}expr: [^:#]+$/,
  /^ {8}for: \d+[smh]$/,
  /^ {8}labels: \{ severity: (page|ticket) \}$/,
  /^ {8}annotations:$/,
  /^ {10}(summary|description): "[^"\\]+"$/
]

const expressions = lines.flatMap((line) => /^ {8}expr: (.+)$/.exec(line)?.[1] ?? [])

const isBalanced = (text: string): boolean => {
  const open: Array<string> = []
  for (const sign of text) {
    if ("([{".includes(sign)) open.push(sign)
    else if (")]}".includes(sign) && open.pop() !== "([{"[")]}".indexOf(sign)]) return false
  }
  return open.length === 0
}

describe("the alert rules", () => {
  it("are YAML of a shape that Prometheus reads, each alert with an expression, a severity and words", () => {
    for (const line of lines) assert.isTrue(shapes.some((shape) => shape.test(line)), line)
    const rules = lines.join("\n").split(/^ {6}- alert: /m).slice(1)
    assert.strictEqual(rules.length, expressions.length)
    for (const rule of rules) for (const part of ["expr", "labels", "summary", "description"]) assert.include(rule, `${part}: `)
    for (const expression of expressions) assert.isTrue(isBalanced(expression), expression)
  })

  it("name metrics and labels that there are", () => {
    const known = new Map(Array.from(registered(), (metric) => [metric.name, metric]))
    for (const expression of expressions) {
      const names = expression.match(/rookery_\w+/g) ?? []
      assert.isNotEmpty(names, expression)
      for (const name of names) {
        const metric = known.get(name.replace(/_bucket$/, ""))
        if (metric === undefined) return assert.fail(`there is no metric ${name}`)
        const by = /by \(([^)]*)\)/.exec(expression)?.[1]?.split(/,\s*/).filter((label) => label !== "le") ?? []
        for (const label of by) assert.include(metric.labels, label, expression)
      }
    }
  })
})
