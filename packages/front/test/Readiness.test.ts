import { assert, describe, it } from "@effect/vitest"
import { BusError } from "@rookery/bus/Bus"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Deps } from "../src/Deps.ts"
import { unavailable } from "../src/http/Errors.ts"
import * as Readiness from "../src/Readiness.ts"

const makeDeps = () => {
  const down = new Set<string>()
  const asked: Array<number> = []
  const probe = <E>(name: string, failure: Effect.Effect<never, E>) =>
    Effect.suspend(() => (down.has(name) ? failure : Effect.void))
  const deps = {
    isDraining: () => down.has("front"),
    directory: { shardCount: 3 },
    oauth: { appByClientId: () => probe("postgres", Effect.never) },
    calls: { readPages: (shard: number) => (asked.push(shard), probe("runners", Effect.fail(unavailable()))) },
    bus: { ping: probe("bus", Effect.fail(new BusError({ cause: "gone" }))) },
    snapshots: { ping: probe("snapshots", Effect.fail(new BusError({ cause: "gone" }))) }
  } as unknown as Deps
  return { asked, deps, down }
}

describe("readiness", () => {
  it.effect("names what does not answer, within the probe's time", () =>
    Effect.gen(function*() {
      const { asked, deps, down } = makeDeps()
      const { state } = Readiness.make(deps)
      const missing = Effect.map(state, (now) => now.missing)
      assert.deepStrictEqual(yield* missing, [])
      down.add("bus").add("runners")
      yield* TestClock.adjust(510)
      assert.deepStrictEqual(yield* missing, ["runners", "bus"])
      assert.deepStrictEqual(asked, [1, 2], "another shard each time")
      down.clear()
      down.add("snapshots")
      yield* TestClock.adjust(510)
      assert.deepStrictEqual(yield* state, { missing: [], degraded: ["snapshots"] }, "timelines load from Postgres meanwhile")
      down.clear()
      down.add("postgres")
      yield* TestClock.adjust(510)
      const both = yield* Effect.forkChild(Effect.all([missing, missing], { concurrency: 2 }))
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(yield* Fiber.join(both), [["postgres"], ["postgres"]])
      assert.lengthOf(asked, 4, "who asks at the same time shares the answer")
      down.add("front")
      assert.deepStrictEqual(yield* missing, ["front (stopping)"])
    }))
})
