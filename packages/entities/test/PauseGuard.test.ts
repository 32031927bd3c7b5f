import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as PauseGuard from "../src/PauseGuard.ts"

describe("PauseGuard", () => {
  it.effect("doubts the locks from the first question after a pause until they are confirmed", () =>
    Effect.gen(function*() {
      let now = 1_000
      let pauses = 0
      const guard = yield* PauseGuard.make({
        pauseMaxMillis: 500,
        confirmMillis: 2_000,
        now: () => now,
        onPause: () => pauses++
      })
      now += 400
      assert.isTrue(guard.trusted())
      now += 501
      assert.isFalse(guard.trusted(), "before any timer could run")
      assert.strictEqual(pauses, 1)
      for (let waited = 0; waited < 1_900; waited += 100) {
        now += 100
        assert.isFalse(guard.trusted())
      }
      now += 101
      assert.isTrue(guard.trusted())
      assert.strictEqual(pauses, 1)
    }))
})
