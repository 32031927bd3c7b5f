import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Invalidations from "../src/Invalidations.ts"

describe("a process that ended before it said what it changed", () => {
  it.effect("leaves what fronts keep of posts in doubt, each time", () =>
    Effect.scoped(Effect.gen(function*() {
      let doubted = 0
      yield* Invalidations.doubt(Stream.make(1, 2), { doubtPosts: () => void doubted++ })
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      assert.strictEqual(doubted, 2)
    })))
})
