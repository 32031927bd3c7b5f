/** What counts as a trend. */
import { assert, describe, it } from "@effect/vitest"
import * as Trends from "../src/Trends.ts"

const hour = 3_600_000

describe("trends", () => {
  it("halve with every half-life, and the future is now", () => {
    assert.deepStrictEqual([0, 6, 12, -6].map((hours) => Trends.decay(hours * hour, 6 * hour)), [1, 0.5, 0.25, 1])
  })

  it("are what is more than usual: one account is none, and a busy tag needs more than a quiet one", () => {
    const usual = Trends.expected(0, 6 * hour)
    assert.deepStrictEqual([0.5, 1, 2, 5].map((observed) => Trends.surprise(observed, usual)), [0, 0, 1, 16])
    const busy = Trends.expected(100, 6 * hour)
    assert.isAbove(busy, 30)
    assert.strictEqual(Trends.surprise(busy, busy), 0)
    assert.isAbove(Trends.surprise(50, usual), Trends.surprise(50, busy))
  })

  it("of posts fall with the age of the post", () => {
    const score = (accounts: number, hours: number) => Trends.postScore(accounts, hours * hour, 6 * hour)
    assert.deepStrictEqual([score(1, 0), score(5, 0), score(5, 6)], [0, 16, 8])
    assert.isAbove(score(9, 6), score(5, 0))
  })

  it("are ranked, few of one group, none without a score", () => {
    const items = [["a", 3], ["a", 5], ["a", 4], ["b", 1], ["c", 0]].map(([group, score]) => ({ group, score: score as number }))
    assert.deepStrictEqual(Trends.rank(items, ({ group }) => group, 2, 10).map(({ score }) => score), [5, 4, 1])
    assert.lengthOf(Trends.rank(items, ({ group }) => group, 2, 2), 2)
  })
})
