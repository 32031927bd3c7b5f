/** One kind of thing whose bytes are told, and what a piece of work adds to a process. */
import { Effect } from "effect"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import * as Probing from "./probing.ts"

export interface Unit extends Probing.Added {
  readonly what: string
  /** The same in a plot's few letters. */
  readonly label: string
  readonly count: number
  /** Bytes each; undefined for what is told beside, and has none. */
  readonly goal: number | undefined
  /** What an actor or another server says of itself, or what follows from other lines: there is no RSS of that. */
  readonly hasNoRss?: boolean
  /** What another server holds of the same. */
  readonly isBaseline?: boolean
}

interface Wanted {
  readonly pid: number
  readonly what: string
  readonly label: string
  readonly goal: number | undefined
  readonly count: number
}

/** What `work` adds to a process, for each of `count`. */
export const added = <A, E, R>(probeFolder: string, { count, goal, label, pid, what }: Wanted, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = yield* Probing.memoryOf(probeFolder, pid)
    yield* work
    const after = yield* Probing.memoryOf(probeFolder, pid)
    const unit: Unit = { what, label, count, goal, ...Probing.addedBy(before, after, count) }
    yield* BenchCluster.say(`${what}: ${Math.round(unit.held)} bytes each, ${Math.round(unit.rss)} of RSS`)
    return unit
  })

/** A line without RSS and without a goal. */
export const told = (what: string, label: string, count: number, held: number): Unit => ({
  what, label, count, goal: undefined, held, rss: 0, rssWithFree: 0, hasNoRss: true
})
