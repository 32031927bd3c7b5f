/** Metrics of members, read from what they serve to Prometheus. */
import { Effect } from "effect"

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const timeoutMillis = 2_000

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(Array.from(text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, name, value]) => [name!, value!]))

export const parse = (text: string): ReadonlyArray<Sample> =>
  text.split("\n").flatMap((line) => {
    const found = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line)
    return found === null ? [] : [{ name: found[1]!, labels: labelsOf(found[2] ?? ""), value: Number(found[3]) }]
  })

/** Empty when the member does not answer. */
export const member = (opsUrl: string): Effect.Effect<ReadonlyArray<Sample>> =>
  Effect.tryPromise(async () =>
    parse(await (await fetch(`${opsUrl}/metrics`, { signal: AbortSignal.timeout(timeoutMillis) })).text())
  ).pipe(Effect.orElseSucceed(() => []))

export const valuesOf = (samples: ReadonlyArray<Sample>, name: string, labels: Readonly<Record<string, string>> = {}): ReadonlyArray<number> =>
  samples
    .filter((sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .map((sample) => sample.value)

export const sumOf = (...asked: Parameters<typeof valuesOf>): number => valuesOf(...asked).reduce((sum, value) => sum + value, 0)

/** The bound of the bucket that holds this share of the observations, of all members together; undefined when there are none. */
export const quantileOf = (samples: ReadonlyArray<Sample>, name: string, labels: Readonly<Record<string, string>>, share: number): number | undefined => {
  const bounds = new Map<number, number>()
  for (const { labels: own, name: bucket, value } of samples) {
    if (bucket !== `${name}_bucket` || Object.entries(labels).some(([label, wanted]) => own[label] !== wanted)) continue
    const bound = own["le"] === "+Inf" ? Infinity : Number(own["le"])
    bounds.set(bound, (bounds.get(bound) ?? 0) + value)
  }
  const all = bounds.get(Infinity) ?? 0
  if (all === 0) return undefined
  return [...bounds].sort(([a], [b]) => a - b).find(([, count]) => count >= share * all)?.[0]
}
