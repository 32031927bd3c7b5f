import { assert, describe, it } from "@effect/vitest"
import * as Client from "@rookery/testkit/Client"
import * as FlakySnapshots from "@rookery/testkit/FlakySnapshots"
import * as Seeded from "@rookery/testkit/Seeded"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect, References } from "effect"
import { inject } from "vitest"
import { drive, type Report } from "./drive.ts"
import * as Fleet from "./fleet.ts"
import * as World from "./world.ts"

const seconds = inject("oracleSeconds")
const seed = inject("oracleSeed")

describe("timelines against the oracle", () => {
  it.live("one runner: pages, follows, deletes, transitions, evictions, idle actors, bad snapshots", () =>
    Effect.gen(function*() {
      const random = Seeded.make(seed)
      const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
      const cluster = TestCluster.layer({
        databaseUrl,
        snapshots: FlakySnapshots.layer({ random: random.fork(), failing: 0.1, forgotten: 0.1, outdated: 0.2 }),
        entityIdleMillis: 50,
        settings: small(random)
      })
      const report = yield* Effect.gen(function*() {
        const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 20_000 })
        const world = yield* World.make(client, "one", 12)
        return yield* drive(world, { seed, millis: seconds * 1_000, batchesPerCheck: 20, quiesceMillis: 15_000 })
      }).pipe(Effect.provide(cluster))
      tell("one runner", report)
    }).pipe(Effect.provideService(References.MinimumLogLevel, "Error")), { timeout: seconds * 1_000 + 60_000 })

  it.live("a fleet: runners join and leave while people write and read", () =>
    Effect.gen(function*() {
      const random = Seeded.make(seed)
      const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
      const fleet = yield* Fleet.make({
        databaseUrl,
        snapshots: FlakySnapshots.layer({ random: random.fork(), failing: 0.05, forgotten: 0.1, outdated: 0.1 }),
        entityIdleMillis: 1_000,
        settings: { ...small(random), residentTimelinesMax: 20 }
      }, 2)
      const report = yield* Effect.gen(function*() {
        const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 30_000 })
        const world = yield* World.make(client, "fleet", 12)
        return yield* drive(world, {
          seed,
          millis: seconds * 1_000,
          batchesPerCheck: 20,
          quiesceMillis: 20_000,
          disturb: fleet.change,
          disturbShare: 0.1
        })
      }).pipe(Effect.provideContext(fleet.client))
      tell("fleet", report)
    }).pipe(Effect.provideService(References.MinimumLogLevel, "Error")), { timeout: seconds * 1_000 + 90_000 })
})

const tell = (what: string, report: Report) => {
  console.log(`${what}: seed ${seed}`, report)
  assert.isAbove(report.operations, 100)
}

/** Bounds so tight that everything that is rare in production happens all the time. */
const small = (random: Seeded.Seeded) => ({
  threshold: { promoteAt: 3 + random.int(3), demoteShare: 0.7 },
  windowEntriesMax: 6 + random.int(12),
  loadPostsPerAuthorMax: 2 + random.int(6),
  residentTimelinesMax: 4 + random.int(8),
  ringMaxAgeMillis: 300,
  modesIntervalMillis: 500,
  claimMillis: 2_000,
  sweepMillis: 200,
  snapshotMillis: 150
})
