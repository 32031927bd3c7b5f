import { assert, describe, it } from "@effect/vitest"
import * as Snowflake from "@rookery/domain/Snowflake"
import { IdSource } from "@rookery/store/IdSource"
import * as LeasedIds from "@rookery/store/LeasedIds"
import * as LeaseClock from "@rookery/store/leases/LeaseClock"
import { Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as LeaseTable from "./leaseTable.ts"

const start = Snowflake.epochMillis + 1_000_000
const options = { ...LeasedIds.defaults, block: { first: 4, last: 5 }, process: "test" }

/** A process' id source, in the test's scope. */
const open = (table: LeaseTable.LeaseTable, overrides: Partial<LeasedIds.LeasedIdsOptions> = {}) =>
  Layer.build(LeasedIds.layer({ ...options, ...overrides }).pipe(Layer.provide(LeaseTable.layer(table)))).pipe(
    Effect.map((context) => Context.get(context, IdSource))
  )

const machineOf = (ids: IdSource["Service"]) => Effect.map(ids.mint, Snowflake.machineOf)

/** Runs an effect whose end needs time to pass. */
const meanwhile = <A, E, R>(effect: Effect.Effect<A, E, R>, time: `${number} seconds`) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

const test = (name: string, body: (table: LeaseTable.LeaseTable) => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.effect(name, () => Effect.andThen(TestClock.setTime(start), body(LeaseTable.make())))

describe("LeasedIds", () => {
  test("mints in the database's time, whatever the wall clock of the process says", (table) =>
    Effect.gen(function*() {
      table.databaseSkew = 86_400_000
      const ids = yield* open(table)
      assert.strictEqual(Snowflake.millisOf(yield* ids.mint), start + 86_400_000)
      yield* TestClock.adjust("300 millis")
      assert.strictEqual(Snowflake.millisOf(yield* ids.mint), start + 86_400_300)
      yield* TestClock.setTime(start - 100_000)
      assert.strictEqual(Snowflake.millisOf(yield* ids.mint), start + 86_400_300)
    }))

  test("keeps its machine for as long as it lives and gives it back when it closes", (table) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const ids = yield* Scope.provide(open(table), scope)
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(yield* machineOf(ids), 4)
      assert.strictEqual(table.calls.acquire, 1)
      assert.isAtMost(table.calls.renew, 60_000 / options.renewMillis + 1)
      yield* Scope.close(scope, Exit.void)
      assert.isUndefined(table.rows.get(4)?.holder)
      const highWater = table.rows.get(4)!.highWater
      assert.isTrue(Snowflake.millisOf(yield* (yield* open(table)).mint) > highWater)
    }))

  test("gives two processes two machines, and a third none until one is free", (table) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const first = yield* Scope.provide(open(table), scope)
      const second = yield* open(table)
      assert.deepStrictEqual([yield* machineOf(first), yield* machineOf(second)], [4, 5])

      const refused = yield* Effect.flip(meanwhile(Effect.scoped(open(table)), "13 seconds"))
      assert.strictEqual(refused.reason, "blockFull")

      const third = yield* Effect.forkChild(open(table))
      yield* TestClock.adjust("1 seconds")
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(yield* machineOf(yield* Fiber.join(third)), 4)
    }).pipe(Effect.scoped))

  test("stops when it cannot prove the lease, and goes on when it can again", (table) =>
    Effect.gen(function*() {
      const ids = yield* open(table)
      table.isDown = true
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(yield* machineOf(ids), 4)
      yield* TestClock.adjust("10 seconds")
      const refused = yield* Effect.flip(meanwhile(ids.mint, "3 seconds"))
      assert.strictEqual(refused.reason, "leaseUnproven")
      table.isDown = false
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(yield* machineOf(ids), 4)
    }))

  test("after standing still it mints nothing before it has asked, and takes another machine when its own is gone", (table) =>
    Effect.gen(function*() {
      const ids = yield* open(table)
      const before = yield* ids.mint
      // The process sleeps (its monotonic clock with it) while another takes its machine over.
      table.rows.set(4, { holder: "another", expiresAt: start + 999_000, highWater: start + 60_000 })
      yield* TestClock.setTime(start + 30_000)
      const after = yield* meanwhile(ids.mint, "1 seconds")
      assert.strictEqual(Snowflake.machineOf(after), 5)
      assert.isTrue(after > before)
      assert.isAtLeast(Snowflake.millisOf(after), start + 30_000)
    }))

  test("renews at once when ids are asked for past the high water", (table) =>
    Effect.gen(function*() {
      const ids = yield* open(table, { renewMillis: 1_000_000, aheadMillis: 100, leaseMillis: 100_000 })
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(table.calls.renew, 0)
      assert.isAtLeast(Snowflake.millisOf(yield* meanwhile(ids.mint, "1 seconds")), start + 1_000)
      assert.strictEqual(table.calls.renew, 1)
    }))

  test("mints many, rising, over as many milliseconds as it takes", (table) =>
    Effect.gen(function*() {
      const ids = yield* open(table)
      const minted = yield* meanwhile(ids.mintMany(10_000), "1 seconds")
      assert.strictEqual(minted.length, 10_000)
      for (let i = 1; i < minted.length; i++) assert.isTrue(minted[i]! > minted[i - 1]!)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(ids.mintMany(1_000_000))))
    }))
})

describe("LeaseClock", () => {
  it("carries the database's time on by the monotonic clock, and knows nothing after a suspension", () => {
    const clock = { monotonic: 50, wall: 9_000 }
    const self = LeaseClock.make({
      monotonicTimeNanosUnsafe: () => BigInt(clock.monotonic) * 1_000_000n,
      currentTimeMillisUnsafe: () => clock.wall
    })
    assert.strictEqual(LeaseClock.now(self), Number.POSITIVE_INFINITY)
    const asked = self.mark()
    clock.monotonic += 30
    const lease = { machine: 1, holder: "", expiresAt: 1_100, highWater: 1_000, startAbove: 0, databaseNow: 700 }
    assert.strictEqual(LeaseClock.adopt(self, asked, lease).expiresAt, 1_070)
    clock.monotonic += 200
    clock.wall -= 5_000
    assert.strictEqual(LeaseClock.now(self), 900)
    clock.wall += 10_000
    assert.strictEqual(LeaseClock.now(self), Number.POSITIVE_INFINITY)
  })
})
