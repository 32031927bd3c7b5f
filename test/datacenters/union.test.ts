/** The oracle over the union of all datacenters: in one process, over links that are rough, cut, stopped, with clocks that are wrong. */
import { describe, it } from "@effect/vitest"
import * as Replay from "@rookery/testkit/Replay"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, References } from "effect"
import { inject } from "vitest"
import * as Disturb from "./union/disturb.ts"
import { drive } from "./union/drive.ts"
import * as Seas from "./union/seas.ts"
import * as Union from "./union/union.ts"

const firstSeed = inject("oracleSeed")
const millis = inject("oracleSeconds") * 1_000
const roundMillis = Math.min(8_000, millis)
const quietly = Effect.provideService(References.MinimumLogLevel, "Error")
const tenMinutes = 600_000

const round = (seed: number) =>
  Effect.gen(function*() {
    const random = Seeded.make(seed)
    const seas = yield* Seas.make({
      postgresUrl: inject("postgresUrl"),
      seed,
      datacenters: 3,
      clocks: [0, tenMinutes, -tenMinutes],
      twice: 0.15,
      heldMillis: 60,
      unanswered: 0.1,
      settings: { threshold: { promoteAt: 3 + random.int(3), demoteShare: 0.7 } }
    })
    const union = yield* Union.make(seas, 12)
    const report = yield* drive(union, { replay: Replay.bySetting(seed), millis: roundMillis, disturb: Disturb.one, agreeMillis: 60_000 })
    console.log(`union: seed ${seed}`, JSON.stringify(report), JSON.stringify(union.done))
  }).pipe(Effect.scoped, quietly)

describe("datacenters against the oracle of their union", () => {
  it.live("three, with rough links, cuts, stops, wiped streams and clocks ten minutes apart, agree after healing", () =>
    Effect.forEach(Array.from({ length: Math.ceil(millis / (2 * roundMillis)) }, (_, n) => firstSeed + n), round, { discard: true }), millis * 3 + 240_000)
})
