import { assert, describe, it } from "@effect/vitest"
import * as Doubt from "../src/read/Doubt.ts"

/** How long entries are good. */
const millis = 600_000

/** When an entry that was loaded at `loadedAt` is no longer used, looked at each second until its end. */
const overAt = (doubt: Doubt.Doubt, loadedAt: number): number => {
  for (let now = loadedAt; now < loadedAt + millis; now += 1_000) if (doubt.isOver(loadedAt + millis, now)) return now
  return loadedAt + millis
}

describe("what is kept when somebody who was to say that it changed is gone", () => {
  it("is used to its end while nobody is", () => {
    assert.strictEqual(overAt(Doubt.make(millis), 5_000), 5_000 + millis)
  })

  it("is loaded anew once nothing of theirs can be committed any more, little by little within a minute", () => {
    const doubt = Doubt.make(millis)
    doubt.raise(100_000)
    const ends = Array.from({ length: 100 }, (_, n) => overAt(doubt, 1_000 * n))
    assert.isAtLeast(Math.min(...ends), 120_000)
    assert.isAtMost(Math.max(...ends), 181_000)
    const earlier = ends.filter((end) => end < 150_000).length
    assert.isTrue(earlier > 30 && earlier < 70, `${earlier} of 100 in the first half minute`)
  })

  it("is believed when it was loaded after that", () => {
    const doubt = Doubt.make(millis)
    doubt.raise(100_000)
    assert.isBelow(overAt(doubt, 119_000), 182_000, "loaded while a commit may have been under way")
    assert.strictEqual(overAt(doubt, 121_000), 121_000 + millis)
  })

  it("is loaded anew in time also while one after the other ends, as in a deployment", () => {
    for (const apart of [5_000, 30_000, 50_000, 90_000]) {
      const doubt = Doubt.make(millis)
      const left = new Set(Array.from({ length: 60 }, (_, n) => 1_000 * n))
      for (let now = 100_000; now <= 250_000; now += 1_000) {
        if (now % apart === 0 || now === 100_000) doubt.raise(now)
        for (const loadedAt of left) if (doubt.isOver(loadedAt + millis, now)) left.delete(loadedAt)
      }
      assert.deepStrictEqual([...left], [], `one each ${apart} ms`)
    }
  })
})
