import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Dependencies from "../src/Dependencies.ts"

describe("what a process needs", () => {
  it.effect("is told apart by whether it can be done without, and is asked for once in half a second", () =>
    Effect.gen(function*() {
      let asked = 0
      const state = Dependencies.make([
        { name: "postgres", probe: Effect.suspend(() => (asked++, Effect.fail("away"))) },
        { name: "bus", probe: Effect.void },
        { name: "snapshots", probe: Effect.fail("away"), isDispensable: true }
      ])
      const found = { missing: ["postgres"], degraded: ["snapshots"] }
      assert.deepStrictEqual(yield* Effect.all([state, state, state], { concurrency: 3 }), [found, found, found])
      assert.strictEqual(asked, 1)
      yield* TestClock.adjust(501)
      yield* state
      assert.strictEqual(asked, 2)
      assert.deepInclude(Dependencies.answerOf(found), { status: 503 })
      assert.deepInclude(Dependencies.answerOf({ missing: [], degraded: ["snapshots"] }), { status: 200 })
    }))

  it.effect("is missing after two seconds also where the question cannot be taken back, as of a frozen server", () =>
    Effect.gen(function*() {
      const frozen = Effect.uninterruptible(Effect.never)
      const asking = yield* Effect.forkChild(Dependencies.make([{ name: "postgres", probe: frozen }]))
      yield* TestClock.adjust(2_001)
      assert.deepStrictEqual(yield* Fiber.join(asking), { missing: ["postgres"], degraded: [] })
    }))
})
