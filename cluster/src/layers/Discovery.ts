/**
 * Keeps what is searched, and what trends, up with what is posted. Every runner tries; whoever comes while another is
 * at it, or comes too early, goes away with nothing done, so that the work is done once and a runner that dies is replaced
 * by the next that tries.
 */
import * as Metrics from "@rookery/observe/Metrics"
import { SearchStore } from "@rookery/store/SearchStore"
import { TrendStore } from "@rookery/store/TrendStore"
import { Clock, Effect, Layer, Schedule } from "effect"

/** Times in milliseconds. */
export interface Options {
  /** How often new posts are taken into the search. */
  readonly searchIndexMillis: number
  /** How often trends are computed, by one member of all. */
  readonly trendsMillis: number
  readonly trendsHalfLifeMillis: number
  readonly trendsAccountsMin: number
}

/** Runs at once while there is more, one after the other, at most. */
const RUNS_MAX = 100

const every = <E, R>(millis: number, what: string, effect: Effect.Effect<void, E, R>) =>
  effect.pipe(
    Effect.catchCause((cause) => Effect.logWarning(`${what} failed and will be tried again`, cause)),
    Effect.repeat(Schedule.spaced(millis)),
    Effect.forkScoped
  )

const catchUp = Effect.gen(function*() {
  const { index } = yield* SearchStore
  for (let i = 0; i < RUNS_MAX; i++) {
    const done = yield* index
    Metrics.searchIndexed.value += done?.posts ?? 0
    if (done?.more !== true) return
  }
})

const compute = (options: Options) =>
  Effect.gen(function*() {
    const { refresh } = yield* TrendStore
    yield* refresh(yield* Clock.currentTimeMillis, {
      halfLifeMillis: options.trendsHalfLifeMillis,
      accountsMin: options.trendsAccountsMin,
      everyMillis: options.trendsMillis
    })
  })

export const layer = (options: Options): Layer.Layer<never, never, SearchStore | TrendStore> =>
  Layer.effectDiscard(Effect.gen(function*() {
    yield* every(options.searchIndexMillis, "Taking posts into the search", catchUp)
    yield* every(options.trendsMillis, "Computing trends", compute(options))
  }))
