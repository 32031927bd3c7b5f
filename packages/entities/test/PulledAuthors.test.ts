import { assert, describe, it } from "@effect/vitest"
import * as Limits from "@rookery/domain/Limits"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as PulledAuthors from "../src/PulledAuthors.ts"

/** Milliseconds; ids of these tests are far below what any transaction could still commit. */
const now = Snowflake.epochMillis + 60_000

type Answer = { readonly ids: ReadonlyArray<bigint>; readonly floor: bigint }

const makeTable = Effect.gen(function*() {
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const reads: Array<Deferred.Deferred<Answer, string>> = []
  const sinces: Array<bigint | undefined> = []
  const table = PulledAuthors.make({
    ringEntriesMax: 8,
    readRing: (_, since) => {
      sinces.push(since)
      const read = Deferred.makeUnsafe<Answer, string>()
      reads.push(read)
      return Deferred.await(read)
    },
    now: () => now,
    runFork: (effect) => void runFork(effect)
  })
  const row = (epoch: number) => ({ author: 5n as never, authorNo: 5 as never, epoch })
  return { table, reads, row, sinces }
})

const settle = TestClock.adjust("1 millis")
const ids = (window: Window.TimelineWindow | undefined): Array<number> =>
  Array.from({ length: window?.length ?? 0 }, (_, rank) => Window.loAt(window!, rank))

describe("PulledAuthors", () => {
  it.effect("reads a cold ring once however many ask, with what is published meanwhile", () =>
    Effect.gen(function*() {
      const { reads, row, table } = yield* makeTable
      PulledAuthors.enter(table, row(1))
      const pulled = table.byNo.get(5)!
      const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(PulledAuthors.refresh(table, pulled)))
      yield* settle
      PulledAuthors.publish(pulled, 0, 30)
      assert.strictEqual(reads.length, 1)
      Deferred.doneUnsafe(reads[0]!, Effect.succeed({ ids: [20n, 10n], floor: 10n }))
      yield* Effect.forEach(waiting, Fiber.join)
      assert.deepStrictEqual(ids(pulled.ring), [10, 20, 30])
      assert.strictEqual(Window.floorLo(pulled.ring!), 10)
    }))

  it.effect("goes on reading when the first asker is gone, and fails all askers when the read fails", () =>
    Effect.gen(function*() {
      const { reads, row, table } = yield* makeTable
      PulledAuthors.enter(table, row(1))
      const pulled = table.byNo.get(5)!
      const first = yield* Effect.forkChild(PulledAuthors.refresh(table, pulled))
      yield* settle
      const second = yield* Effect.forkChild(Effect.exit(PulledAuthors.refresh(table, pulled)))
      yield* settle
      yield* Fiber.interrupt(first)
      Deferred.doneUnsafe(reads[0]!, Effect.fail("no database"))
      assert.strictEqual((yield* Fiber.join(second))._tag, "Failure")
      assert.isUndefined(pulled.loading, "the next asker reads again")
    }))

  it.effect("throws a read away that began before the rings were dropped", () =>
    Effect.gen(function*() {
      const { reads, row, table } = yield* makeTable
      PulledAuthors.enter(table, row(1))
      const pulled = table.byNo.get(5)!
      const asker = yield* Effect.forkChild(Effect.exit(PulledAuthors.refresh(table, pulled)))
      yield* settle
      PulledAuthors.dropRings(table)
      Deferred.doneUnsafe(reads[0]!, Effect.succeed({ ids: [20n], floor: 0n }))
      assert.strictEqual((yield* Fiber.join(asker))._tag, "Failure")
      assert.isUndefined(pulled.ring)
    }))

  it.effect("never lets an older epoch replace a newer one", () =>
    Effect.gen(function*() {
      const { row, table } = yield* makeTable
      PulledAuthors.enter(table, row(3))
      PulledAuthors.leave(table, 5, 4)
      assert.isFalse(PulledAuthors.enter(table, row(3)))
      assert.isFalse(table.byNo.has(5))
      assert.isTrue(PulledAuthors.enter(table, row(5)))
    }))

  it.effect("reads only what may have come since, when it reads again, and all where that is too much", () =>
    Effect.gen(function*() {
      const { reads, row, sinces, table } = yield* makeTable
      PulledAuthors.enter(table, row(1))
      const pulled = table.byNo.get(5)!
      const read = Effect.gen(function*() {
        const reading = yield* Effect.forkChild(PulledAuthors.refresh(table, pulled))
        yield* settle
        return reading
      })
      const first = yield* read
      Deferred.doneUnsafe(reads[0]!, Effect.succeed({ ids: [20n, 10n], floor: 10n }))
      yield* Fiber.join(first)
      const again = yield* read
      const since = sinces[1]!
      assert.strictEqual(Snowflake.millisOf(since), now - Limits.overlapMillis)
      Deferred.doneUnsafe(reads[1]!, Effect.succeed({ ids: [30n], floor: since }))
      yield* Fiber.join(again)
      assert.deepStrictEqual([ids(pulled.ring), Window.floorLo(pulled.ring!)], [[10, 20, 30], 10])
      const tooMuch = yield* read
      Deferred.doneUnsafe(reads[2]!, Effect.succeed({ ids: [90n, 80n], floor: since + 1n }))
      yield* settle
      Deferred.doneUnsafe(reads[3]!, Effect.succeed({ ids: [90n, 80n], floor: 80n }))
      yield* Fiber.join(tooMuch)
      assert.deepStrictEqual([sinces[3], ids(pulled.ring)], [undefined, [80, 90]])
    }))
})
