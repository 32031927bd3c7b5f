/** What a bench is, what it hands back, and the options that all of them take. */
import type { Effect, Scope } from "effect"
import type { Chart } from "./Svg.ts"
import type { Table } from "./Table.ts"

export interface BenchOptions {
  /** Shrinks or grows the work: 1 is the run that the goals are set for. */
  readonly scale: number
  /** How long each measured part runs, in seconds. */
  readonly seconds: number
  readonly seed: number
  /** Folder for JSON and SVG. */
  readonly out: string
  /** A CPU profile of every runner and front is left in the output folder. */
  readonly isProfiled: boolean
  /** Everything else that was given, `--name value` each, for the bench to judge. */
  readonly more: ReadonlyMap<string, string>
}

/** A promise of the issue and what came of it. */
export interface Goal {
  readonly what: string
  readonly goal: string
  readonly measured: string
  /** Undefined when the measurement cannot tell. */
  readonly isMet: boolean | undefined
}

export interface Report {
  readonly tables: ReadonlyArray<Table>
  readonly charts: ReadonlyArray<Chart>
  readonly goals: ReadonlyArray<Goal>
  /** Everything measured, for other programs; must be JSON. */
  readonly data: unknown
}

export interface Bench {
  readonly name: string
  readonly about: string
  /** Options of its own, each with its meaning and default. */
  readonly options: Readonly<Record<string, string>>
  readonly run: (options: BenchOptions) => Effect.Effect<Report, unknown, Scope.Scope>
}

/** A whole number among the bench's own options. Throws `RangeError` when it is none. */
export const whole = (options: BenchOptions, name: string, otherwise: number): number => {
  const text = options.more.get(name)
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} must be a whole number, not "${text}"`)
  return value
}

/** Rates per second among the bench's own options, between commas. Throws `RangeError` when they are none. */
export const rates = (options: BenchOptions, name: string, otherwise: ReadonlyArray<number>): ReadonlyArray<number> => {
  const given = options.more.get(name)?.split(",").map(Number) ?? otherwise
  if (given.length > 0 && given.every((rate) => rate > 0)) return given
  throw new RangeError(`--${name} must be numbers above 0 between commas`)
}
