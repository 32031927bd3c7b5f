import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { repeating } from "../src/repeating.ts"

describe("a call that is repeated", () => {
  it.effect("says so, from its second attempt on", () =>
    Effect.gen(function*() {
      const seen: Array<boolean> = []
      const call = repeating((again) => Effect.suspend(() => seen.push(again) < 3 ? Effect.fail("lost") : Effect.succeed("done")))
      assert.strictEqual(yield* Effect.retry(call, { times: 5 }), "done")
      assert.deepStrictEqual(seen, [false, true, true])
    }))
})
