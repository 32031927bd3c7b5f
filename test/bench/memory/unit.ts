/** One kind of thing whose bytes are told, and what a piece of work adds to a process. */
import { Effect } from "effect"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import * as Probing from "./probing.ts"

export interface Unit extends Probing.Added {
  readonly what: string
  readonly count: number
  /** Bytes each; undefined for what is told beside, and has none. */
  readonly goal: number | undefined
  /** What an actor says of itself, or what follows from other lines: there is no RSS of that. */
  readonly hasNoRss?: boolean
}

interface Wanted {
  readonly pid: number
  readonly what: string
  readonly goal: number | undefined
  readonly count: number
}

/** What `work` adds to a process, for each of `count`. */
export const added = <A, E, R>(probeFolder: string, { count, goal, pid, what }: Wanted, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = yield* Probing.memoryOf(probeFolder, pid)
    yield* work
    const after = yield* Probing.memoryOf(probeFolder, pid)
    const unit: Unit = { what, count, goal, ...Probing.addedBy(before, after, count) }
    yield* BenchCluster.say(`${what}: ${Math.round(unit.held)} bytes each, ${Math.round(unit.rss)} of RSS`)
    return unit
  })

/** A line without RSS. */
export const told = (what: string, count: number, goal: number | undefined, held: number): Unit => ({
  what, count, goal, held, rss: 0, rssWithFree: 0, hasNoRss: true
})
