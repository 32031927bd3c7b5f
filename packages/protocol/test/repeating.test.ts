import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { repeating } from "../src/repeating.ts"

describe("a call that is repeated", () => {
  it.effect("says so, once an attempt may have been carried out", () =>
    Effect.gen(function*() {
      const seen: Array<boolean> = []
      const ends = [Effect.fail({ _tag: "MailboxFull" }), Effect.fail({ _tag: "Unavailable" }), Effect.fail({ _tag: "MailboxFull" }), Effect.succeed("done")]
      const call = repeating((again) => Effect.suspend(() => ends[seen.push(again) - 1]!))
      assert.strictEqual(yield* Effect.retry(call, { times: 5 }), "done")
      assert.deepStrictEqual(seen, [false, false, true, true])
    }))

  it.effect("says so after one that nobody waited for any more", () =>
    Effect.gen(function*() {
      const seen: Array<boolean> = []
      const call = repeating((again) => Effect.suspend(() => seen.push(again) === 1 ? Effect.never : Effect.void))
      const first = yield* Effect.forkChild(call)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.interrupt(first)
      yield* call
      assert.deepStrictEqual(seen, [false, true])
    }))
})
