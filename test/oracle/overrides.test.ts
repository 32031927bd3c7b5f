import { assert, describe, it } from "@effect/vitest"
import * as SnapshotStoreMemory from "@rookery/store/memory/SnapshotStoreMemory"
import * as Client from "@rookery/testkit/Client"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect } from "effect"
import { inject } from "vitest"
import { quiesce, verifyModes } from "./verify.ts"
import * as World from "./world.ts"

const readers = 8

describe("by-hand overrides", () => {
  it.live("lead to the last one set, however quickly they follow each other", () =>
    Effect.gen(function*() {
      const cluster = TestCluster.layer({
        databaseUrl: yield* TestCluster.database(inject("postgresUrl")),
        snapshots: SnapshotStoreMemory.layer({ entriesMax: 10_000, ttlSeconds: 60 }),
        settings: { sweepMillis: 100, claimMillis: 1_000 }
      })
      const run = Effect.gen(function*() {
        const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 20_000 })
        const world = yield* World.make(client, "overrides", readers + 1)
        const [author, ...others] = world.people as [World.Someone, ...Array<World.Someone>]
        yield* Effect.forEach(others, (reader) => client.setFollow(reader.id, author.id, true), { concurrency: 4 })
        for (let round = 0; round < 10; round++) {
          for (const override of ["pull", "push", "pull", "auto", "pull", "push"] as const) {
            yield* client.setOverride(author.id, override)
            world.overrides.set(author.id, override)
            yield* Effect.sleep(round)
          }
          yield* quiesce(20_000)
          yield* verifyModes(world)
        }
        assert.strictEqual((yield* client.describe(author.id)).mode.mode, "push")
      })
      yield* Effect.provide(run, cluster)
    }), 60_000)
})
