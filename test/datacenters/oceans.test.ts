/** The oracle over the union of three datacenters whose NATS servers are real, joined by leaf nodes, restarted and wiped. */
import { assert, describe, it } from "@effect/vitest"
import * as Replay from "@rookery/testkit/Replay"
import { Effect, References } from "effect"
import { inject } from "vitest"
import * as Oceans from "./union/oceans.ts"

const seed = inject("oracleSeed")
const millis = inject("oracleSeconds") * 500

describe("datacenters joined by NATS", () => {
  it.live("agree with the oracle of their union after cuts, restarts and lost streams", () =>
    Effect.gen(function*() {
      const report = yield* Oceans.round({ postgresUrl: inject("postgresUrl"), replay: Replay.bySetting(seed), millis, datacenters: 3 })
      console.log(`oceans: seed ${seed}`, JSON.stringify(report))
      assert.isAbove(report.checks, 0)
    }).pipe(Effect.provideService(References.MinimumLogLevel, "Error")), millis * 4 + 400_000)
})
