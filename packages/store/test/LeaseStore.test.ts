import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { LeaseStore } from "../src/LeaseStore.ts"
import * as Database from "./database.ts"

const expire = (machine: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE machine_leases SET expires_at = 0 WHERE machine = ${machine}`)

layer(Database.layer, { excludeTestServices: true })("LeaseStore", (it) => {
  it.effect("gives each machine of the block to one of many that ask at once, and none when all are held", () =>
    Effect.gen(function*() {
      const leases = yield* LeaseStore
      const asked = Array.from({ length: 6 }, (_, i) => leases.acquire({ first: 10, last: 13 }, `p${i}`, 60_000, 5_000))
      const given = (yield* Effect.all(asked, { concurrency: "unbounded" })).flatMap((lease) => lease?.machine ?? [])
      assert.strictEqual(new Set(given).size, given.length)
      yield* Effect.forEach(Array.from({ length: 4 - given.length }), () => leases.acquire({ first: 10, last: 13 }, "q", 60_000, 5_000))
      assert.isUndefined(yield* leases.acquire({ first: 10, last: 13 }, "late", 60_000, 5_000))
    }))

  it.effect("starts a new holder above the high water of the one before", () =>
    Effect.gen(function*() {
      const leases = yield* LeaseStore
      const block = { first: 20, last: 20 }
      const first = (yield* leases.acquire(block, "one", 60_000, 90_000))!
      assert.deepStrictEqual([first.startAbove, first.holder], [0, "one"])
      assert.strictEqual(first.highWater, first.databaseNow + 90_000)
      const renewed = (yield* leases.renew(20, "one", 60_000, 120_000))!
      assert.isAtLeast(renewed.highWater, first.highWater + 30_000)
      yield* expire(20)
      const second = (yield* leases.acquire(block, "two", 60_000, 5_000))!
      assert.strictEqual(second.startAbove, renewed.highWater)
      assert.isAbove(second.highWater, second.startAbove)
      assert.isUndefined(yield* leases.renew(20, "one", 60_000, 5_000))
    }))

  it.effect("takes back a machine from its holder only, and keeps its high water", () =>
    Effect.gen(function*() {
      const leases = yield* LeaseStore
      const block = { first: 30, last: 30 }
      const first = (yield* leases.acquire(block, "one", 60_000, 5_000))!
      yield* leases.release(30, "two")
      assert.isUndefined(yield* leases.acquire(block, "two", 60_000, 5_000))
      yield* leases.release(30, "one")
      assert.strictEqual((yield* leases.acquire(block, "two", 60_000, 5_000))?.startAbove, first.highWater)
    }))
})
