/** Three complete datacenters as processes, asked over HTTP alone, against the oracle of their union. */
import { assert, describe, it } from "@effect/vitest"
import * as Replay from "@rookery/testkit/Replay"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, References } from "effect"
import { inject } from "vitest"
import * as program from "../cluster/program.ts"
import * as Disturb from "./processes/disturb.ts"
import * as Ground from "./processes/ground.ts"
import * as Round from "./processes/round.ts"
import * as Society from "./processes/society.ts"

const seed = inject("oracleSeed")
const limitMillis = 400_000
const agreeMillis = 90_000

describe("three datacenters of processes", () => {
  it.live("cut off, killed, stopped and wiped, answer in time, and agree with the oracle of their union after healing", () =>
    Effect.gen(function*() {
      const random = Seeded.make(seed)
      const ground = yield* Ground.make(yield* program.folder, { datacenters: 3, runners: 1, fronts: 1 }, random)
      const tokens = yield* Society.programs(ground)
      const report = yield* Round.run(ground, tokens, { run: "one", replay: Replay.bySetting(seed), faults: Seeded.shuffled(random, Disturb.kinds), agreeMillis })
      console.log(`processes: seed ${seed}`, JSON.stringify(report))
      assert.isAbove(report.operations, 60)
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error")), limitMillis)
})
