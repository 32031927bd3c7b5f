/** One axis of a plot: where a value lies, and which values are named. */

export interface AxisOptions {
  readonly label: string
  /** Powers of ten at equal distances; values must be above 0. */
  readonly isLog?: boolean
}

export interface Axis {
  /** The coordinate of a value, in pixels. */
  readonly at: (value: number) => number
  readonly ticks: ReadonlyArray<number>
}

const tickCount = 6

/** Steps of 1, 2 or 5 times a power of ten from 0 to at least the highest value. */
const linearTicks = (highest: number): Array<number> => {
  const raw = Math.max(highest, Number.MIN_VALUE) / tickCount
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? raw
  const steps = Math.max(1, Math.ceil(highest / step))
  return Array.from({ length: steps + 1 }, (_, i) => i * step)
}

const logTicks = (lowest: number, highest: number): Array<number> => {
  const from = Math.floor(Math.log10(lowest))
  const to = Math.max(from + 1, Math.ceil(Math.log10(highest)))
  return Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i))
}

/** From the pixel `start` (lowest value) to the pixel `end`. */
export const make = (options: AxisOptions, values: ReadonlyArray<number>, start: number, end: number): Axis => {
  const known = values.filter((value) => Number.isFinite(value) && (options.isLog !== true || value > 0))
  const highest = Math.max(...known, options.isLog === true ? 1e-3 : 0)
  const lowest = Math.min(...known, highest)
  const ticks = options.isLog === true ? logTicks(lowest, highest) : linearTicks(highest || 1)
  const scale = (value: number) => options.isLog === true ? Math.log10(Math.max(value, ticks[0]!)) : value
  const from = scale(ticks[0]!)
  const span = scale(ticks[ticks.length - 1]!) - from
  return { at: (value) => start + ((scale(value) - from) / span) * (end - start), ticks }
}

const units = [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const

/** A value as short as it can be said. */
export const label = (value: number): string => {
  const unit = units.find(([size]) => Math.abs(value) >= size)
  return unit === undefined
    ? String(Number(value.toPrecision(3)))
    : `${Number((value / unit[0]).toPrecision(3))}${unit[1]}`
}
