/** Renders what the process counted as Prometheus text, with Effect's own metrics (fibers, cluster) behind it. */
import { Effect } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as Counters from "./Counters.ts"

/** The content type of what `render` answers. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")

const number = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)

const labelText = (names: ReadonlyArray<string>, values: ReadonlyArray<string>): string =>
  names.length === 0 ? "" : `{${names.map((name, i) => `${name}="${escapeLabel(values[i]!)}"`).join(",")}}`

const histogramLines = (
  metric: Counters.Registered,
  values: ReadonlyArray<string>,
  histogram: Counters.Histogram
): Array<string> => {
  const lines: Array<string> = []
  let count = 0
  histogram.buckets.forEach((inBucket, i) => {
    count += inBucket
    const bound = number(histogram.bounds[i] ?? Number.POSITIVE_INFINITY)
    lines.push(`${metric.name}_bucket${labelText([...metric.labels, "le"], [...values, bound])} ${count}`)
  })
  const labels = labelText(metric.labels, values)
  lines.push(`${metric.name}_sum${labels} ${number(histogram.sum)}`, `${metric.name}_count${labels} ${count}`)
  return lines
}

const memberLines = (
  metric: Counters.Registered,
  values: ReadonlyArray<string>,
  member: Counters.Counter | Counters.Gauge | Counters.Histogram
): Array<string> => {
  if ("buckets" in member) return histogramLines(metric, values, member)
  const value = "readers" in member ? Counters.gaugeValue(member) : member.value
  return [`${metric.name}${labelText(metric.labels, values)} ${number(value)}`]
}

const familyLines = (metric: Counters.Registered): Array<string> => {
  const help = metric.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
  const lines = [`# HELP ${metric.name} ${help}`, `# TYPE ${metric.name} ${metric.kind}`]
  for (const { metric: member, values } of metric.members.values()) lines.push(...memberLines(metric, values, member))
  return lines
}

/** The project's own metrics. */
export const renderOwn = (): string => `${Array.from(Counters.registered()).flatMap(familyLines).join("\n")}\n`

/** Everything, as `/metrics` answers it. */
export const render: Effect.Effect<string> = Effect.map(
  PrometheusMetrics.format(),
  (effects) => renderOwn() + effects
)
