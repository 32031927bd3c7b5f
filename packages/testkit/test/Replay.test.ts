import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import * as Replay from "../src/Replay.ts"

const toldBy = <A, E>(replay: Replay.Replay, run: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(Replay.named(replay, run, () => "batch 3", () => "; members said")), (exit) =>
    Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "nothing")

describe("a random run that fails", () => {
  it.effect("names its seed, the command that repeats it, how far it came and what was broken", () =>
    Effect.gen(function*() {
      const told = yield* toldBy({ seed: 7, again: "npm run soak -- --seed 7" }, Effect.fail("a page differs"))
      for (const part of ["seed 7", "batch 3", "run again with npm run soak -- --seed 7", "a page differs", "members said"]) assert.include(told, part)
      assert.strictEqual(yield* toldBy({ seed: 7, again: "" }, Effect.void), "nothing")
    }))

  it.effect("is repeated by the seed of the whole test, from which its own was drawn", () =>
    Effect.gen(function*() {
      assert.include(yield* toldBy(Replay.bySetting(45, 42), Effect.die("broken")), "seed 45, batch 3: run again with ROOKERY_SEED=42\n")
    }))
})
