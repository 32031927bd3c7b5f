import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Ground from "./ground.ts"
import { prepare, strike, warm } from "./strike.ts"

const followers = 10_000
/** From the kill to answers for everybody. Far more than it takes: how long is printed, here and by `npm run soak`. */
const servedMillis = 30_000

describe("a post to 10,000 followers", () => {
  it.live("reaches each of them once, whichever runner is killed meanwhile", () =>
    Ground.withGround({ FANOUT_PUSH_THRESHOLD: "1000000", LOG_LEVEL: "Warn" }, (ground) =>
      Effect.gen(function*() {
        const stage = yield* prepare("crowd", followers)
        yield* Effect.all([ground.startRunner(), ground.startRunner()], { concurrency: 2 })
        yield* warm(stage)
        for (const whose of ["other", "own"] as const) {
          const { doneMillis, millis, open } = yield* strike(ground, stage, whose)
          console.log(`${whose} runner killed: readers were served again after ${Math.round(millis)} ms, the ${open} open fan-outs done after ${Math.round(doneMillis)} ms`)
          assert.isAbove(open, 0)
          assert.isBelow(millis, servedMillis)
        }
      })), 180_000)
})
