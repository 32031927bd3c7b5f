/**
 * What the process counts of itself: plain mutable objects, so that a hot path pays one addition.
 * Each is registered once by name, for the whole process; `Prometheus.ts` renders them.
 */

/** Only ever rises: `value++`, `value += n`. */
export interface Counter {
  value: number
}

/** Rises and falls: `value = n`, or is asked for when it is rendered (`follow`). */
export interface Gauge {
  value: number
  /** Added to `value` when the gauge is rendered; several owners in one process add up. */
  readonly readers: Set<() => number>
}

/** Counts observations in buckets. `bounds` are upper bounds, inclusive, rising; one more bucket holds the rest. */
export interface Histogram {
  readonly bounds: ReadonlyArray<number>
  readonly buckets: Float64Array
  sum: number
  readonly observe: (value: number) => void
}

/** One metric of each combination of label values. Keep what `at` returns where the labels are fixed. */
export interface Family<M> {
  readonly at: (...values: ReadonlyArray<string>) => M
}

/** Combinations of label values in one family at most; what comes later is counted under `other`. */
export const labelSetsMax = 1_000

export type Kind = "counter" | "gauge" | "histogram"

/** A registered metric, with a member for each combination of labels; one without labels has one member. */
export interface Registered {
  readonly name: string
  readonly help: string
  readonly kind: Kind
  readonly labels: ReadonlyArray<string>
  readonly members: Map<string, { readonly values: ReadonlyArray<string>; readonly metric: Counter | Gauge | Histogram }>
}

const registry = new Map<string, Registered>()

/** Everything registered in this process, in the order of registration. */
export const registered = (): Iterable<Registered> => registry.values()

const register = (kind: Kind, name: string, help: string, labels: ReadonlyArray<string>): Registered => {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new Error(`${name} is no name for a metric`)
  if (registry.has(name)) throw new Error(`the metric ${name} is registered twice`)
  const entry: Registered = { name, help, kind, labels, members: new Map() }
  registry.set(name, entry)
  return entry
}

const single = <M extends Counter | Gauge | Histogram>(entry: Registered, metric: M): M => {
  entry.members.set("", { values: [], metric })
  return metric
}

const familyOf = <M extends Counter | Gauge | Histogram>(entry: Registered, make: () => M): Family<M> => {
  const members = entry.members as Map<string, { readonly values: ReadonlyArray<string>; readonly metric: M }>
  const add = (key: string, values: ReadonlyArray<string>): M => {
    const metric = make()
    members.set(key, { values, metric })
    return metric
  }
  const at = (...values: ReadonlyArray<string>): M => {
    if (values.length !== entry.labels.length) throw new Error(`${entry.name} has ${entry.labels.length} labels`)
    const key = values.join("\u0000")
    const known = members.get(key)
    if (known !== undefined) return known.metric
    if (members.size < labelSetsMax) return add(key, values)
    const rest = values.map(() => "other")
    return members.get(rest.join("\u0000"))?.metric ?? add(rest.join("\u0000"), rest)
  }
  return { at }
}

const makeCounter = (): Counter => ({ value: 0 })
const makeGauge = (): Gauge => ({ value: 0, readers: new Set() })

const makeHistogram = (bounds: ReadonlyArray<number>): Histogram => {
  const histogram: Histogram = {
    bounds,
    buckets: new Float64Array(bounds.length + 1),
    sum: 0,
    observe: (value) => {
      let at = 0
      while (at < bounds.length && value > bounds[at]!) at++
      histogram.buckets[at]!++
      histogram.sum += value
    }
  }
  return histogram
}

/** Names of counters end in `_total`. All of these throw when the name is taken or is no metric name. */
export const counter = (name: string, help: string): Counter => single(register("counter", name, help, []), makeCounter())

export const gauge = (name: string, help: string): Gauge => single(register("gauge", name, help, []), makeGauge())

export const histogram = (name: string, help: string, bounds: ReadonlyArray<number>): Histogram =>
  single(register("histogram", name, help, []), makeHistogram(bounds))

export const counters = (name: string, help: string, labels: ReadonlyArray<string>): Family<Counter> =>
  familyOf(register("counter", name, help, labels), makeCounter)

export const gauges = (name: string, help: string, labels: ReadonlyArray<string>): Family<Gauge> =>
  familyOf(register("gauge", name, help, labels), makeGauge)

export const histograms = (
  name: string,
  help: string,
  labels: ReadonlyArray<string>,
  bounds: ReadonlyArray<number>
): Family<Histogram> => familyOf(register("histogram", name, help, labels), () => makeHistogram(bounds))

/** The gauge shows what `read` says, added to its other readers, until the returned function is called. */
export const follow = (gauge: Gauge, read: () => number): () => void => {
  gauge.readers.add(read)
  return () => void gauge.readers.delete(read)
}

/** What a gauge shows now. */
export const gaugeValue = (gauge: Gauge): number => {
  let value = gauge.value
  for (const read of gauge.readers) value += read()
  return value
}
