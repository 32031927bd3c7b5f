/** A real cluster under load while its parts are killed, stopped, emptied and restarted, compared with the oracle. */
import { assert, describe, it } from "@effect/vitest"
import * as Replay from "@rookery/testkit/Replay"
import { Effect } from "effect"
import { inject } from "vitest"
import { env, faults, runnersOf, underFault } from "./faults.ts"
import * as Ground from "./ground.ts"

const firstSeed = inject("oracleSeed")
const millis = 6_000

describe("a cluster under load", () => {
  it.live("keeps its promises through every fault", () =>
    Ground.withGround(env, (ground) =>
      Effect.gen(function*() {
        yield* Effect.all([ground.startRunner(), ground.startRunner()], { concurrency: 2 })
        yield* Effect.forEach(Object.entries(faults), ([name, fault], n) =>
          Effect.gen(function*() {
            const seed = firstSeed + n
            const from = Date.now()
            const report = yield* underFault(ground, { run: `fault${n}`, replay: Replay.bySetting(seed, firstSeed), millis, fault })
            console.log(`${name}: seed ${seed}, ${Date.now() - from} ms`, report)
          }), { discard: true })
        assert.strictEqual(runnersOf(ground).length, 2)
      })), 240_000)
})
