/** What runners do every moment for search and trends, for tests that do not wait for them. */
import { SearchStore } from "@rookery/store/SearchStore"
import { TrendStore } from "@rookery/store/TrendStore"
import { Clock, Effect } from "effect"

/** No answer is kept: each is of now. */
export const limits = { searchCacheMillis: 0, trendsCacheMillis: 0, tagDaysMillis: 0, accountMillis: 0 }

/** Takes everything that was published into the search. */
export const index = Effect.flatMap(SearchStore, ({ index: run }) => Effect.repeat(run, { until: (done) => done?.more === false }))

/** Computes what trends now; two accounts make a trend. */
export const computeTrends = Effect.gen(function*() {
  const { refresh } = yield* TrendStore
  return yield* refresh(yield* Clock.currentTimeMillis, { halfLifeMillis: 3_600_000, accountsMin: 2, everyMillis: 0 })
})
