/**
 * Latencies in buckets whose width grows with the value: 64 to every doubling, so a percentile is true to 1.6 %.
 * Values are milliseconds, from a microsecond to 2^30 of them (18 minutes); what is outside counts at the edge.
 */

const perDoubling = 64
const doublings = 30
const perMilli = 1000

export interface Histogram {
  readonly buckets: Uint32Array
  count: number
  sum: number
  max: number
}

export const make = (): Histogram => ({ buckets: new Uint32Array(perDoubling * doublings), count: 0, sum: 0, max: 0 })

export const record = (histogram: Histogram, millis: number): void => {
  const at = Math.floor(Math.log2(Math.max(1, millis * perMilli)) * perDoubling)
  histogram.buckets[Math.min(at, histogram.buckets.length - 1)]!++
  histogram.count++
  histogram.sum += millis
  if (millis > histogram.max) histogram.max = millis
}

/** The value that a share `at` (0…1) of the recorded ones does not exceed, in milliseconds; 0 when there are none. */
export const percentile = (histogram: Histogram, at: number): number => {
  if (histogram.count === 0) return 0
  let left = Math.ceil(histogram.count * at)
  for (let i = 0; i < histogram.buckets.length; i++) {
    left -= histogram.buckets[i]!
    if (left <= 0) return Math.min(histogram.max, 2 ** ((i + 1) / perDoubling) / perMilli)
  }
  return histogram.max
}

export interface Summary {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Milliseconds, but for `count`. */
export const summary = (histogram: Histogram): Summary => ({
  count: histogram.count,
  mean: histogram.count === 0 ? 0 : histogram.sum / histogram.count,
  p50: percentile(histogram, 0.5),
  p90: percentile(histogram, 0.9),
  p99: percentile(histogram, 0.99),
  p999: percentile(histogram, 0.999),
  max: histogram.max
})
