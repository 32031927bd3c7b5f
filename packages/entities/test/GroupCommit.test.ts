import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as GroupCommit from "../src/GroupCommit.ts"

/** A write that waits for the test, and records its groups. */
const makeWrite = () => {
  const groups: Array<ReadonlyArray<number>> = []
  const gates: Array<Deferred.Deferred<void, string>> = []
  const write = (items: ReadonlyArray<number>) => {
    const gate = Deferred.makeUnsafe<void, string>()
    groups.push(items)
    gates.push(gate)
    return Effect.as(Deferred.await(gate), items.map((item) => item * 10))
  }
  return { groups, gates, write }
}

const settle = TestClock.adjust("1 millis")

describe("GroupCommit", () => {
  it.effect("writes what arrived during a write as one next group, and answers each caller with its own result", () =>
    Effect.gen(function*() {
      const { gates, groups, write } = makeWrite()
      const { commit } = yield* GroupCommit.make(write, 100)
      const first = yield* Effect.forkChild(commit(1))
      yield* settle
      const rest = yield* Effect.forEach([2, 3, 4], (item) => Effect.forkChild(commit(item)))
      yield* settle
      assert.deepStrictEqual(groups, [[1]])
      Deferred.doneUnsafe(gates[0]!, Effect.void)
      yield* settle
      Deferred.doneUnsafe(gates[1]!, Effect.void)
      assert.deepStrictEqual(groups, [[1], [2, 3, 4]])
      assert.strictEqual(yield* Fiber.join(first), 10)
      assert.deepStrictEqual(yield* Effect.forEach(rest, Fiber.join), [20, 30, 40])
    }))

  it.effect("writes what comes within one turn as one group, from the first on", () =>
    Effect.gen(function*() {
      const { gates, groups, write } = makeWrite()
      const { commit } = yield* GroupCommit.make(write, 100)
      const callers = yield* Effect.forkChild(Effect.forEach([1, 2, 3], commit, { concurrency: "unbounded" }))
      yield* settle
      Deferred.doneUnsafe(gates[0]!, Effect.void)
      assert.deepStrictEqual([groups, yield* Fiber.join(callers)], [[[1, 2, 3]], [10, 20, 30]])
    }))

  it.effect("fails the callers of a failed group only", () =>
    Effect.gen(function*() {
      const { gates, write } = makeWrite()
      const { commit } = yield* GroupCommit.make(write, 100)
      const failing = yield* Effect.forkChild(Effect.exit(commit(1)))
      yield* settle
      const next = yield* Effect.forkChild(commit(2))
      yield* settle
      Deferred.doneUnsafe(gates[0]!, Effect.fail("no disk"))
      yield* settle
      Deferred.doneUnsafe(gates[1]!, Effect.void)
      assert.strictEqual((yield* Fiber.join(failing))._tag, "Failure")
      assert.strictEqual(yield* Fiber.join(next), 20)
    }))

  it.effect("cuts groups at the bound", () =>
    Effect.gen(function*() {
      const sizes: Array<number> = []
      const { commit } = yield* GroupCommit.make((items: ReadonlyArray<number>) => {
        sizes.push(items.length)
        return Effect.succeed(items)
      }, 4)
      yield* Effect.forEach(Array.from({ length: 10 }, (_, n) => n), commit, { concurrency: "unbounded" })
      assert.isAtMost(Math.max(...sizes), 4)
      assert.strictEqual(sizes.reduce((sum, size) => sum + size, 0), 10)
    }))

  it.effect("does not write what its caller gave up before the write began, and writes the rest in order", () =>
    Effect.gen(function*() {
      const { gates, groups, write } = makeWrite()
      const { commit } = yield* GroupCommit.make(write, 3)
      const first = yield* Effect.forkChild(commit(0))
      yield* settle
      const callers = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], (item) => Effect.forkChild(commit(item)))
      yield* settle
      // The fifth to leave makes the others move up.
      yield* Effect.forEach([0, 1, 3, 4, 6], (index) => Fiber.interrupt(callers[index]!))
      yield* Fiber.interrupt(first)
      for (const gate of [0, 1]) {
        Deferred.doneUnsafe(gates[gate]!, Effect.void)
        yield* settle
      }
      assert.deepStrictEqual(groups, [[0], [3, 6, 8]])
      assert.deepStrictEqual(yield* Effect.forEach([2, 5, 7], (index) => Fiber.join(callers[index]!)), [30, 60, 80])
    }))

  it.effect("goes on after everybody who waited has gone", () =>
    Effect.gen(function*() {
      const { gates, groups, write } = makeWrite()
      const { commit } = yield* GroupCommit.make(write, 3, 5)
      const gone = yield* Effect.forkChild(commit(1))
      yield* settle
      yield* Fiber.interrupt(gone)
      yield* TestClock.adjust("10 millis")
      const next = yield* Effect.forkChild(commit(2))
      yield* TestClock.adjust("10 millis")
      Deferred.doneUnsafe(gates[0]!, Effect.void)
      assert.deepStrictEqual([groups, yield* Fiber.join(next)], [[[2]], 20])
    }))

  it.effect("waits for company when told to, and no longer", () =>
    Effect.gen(function*() {
      const { gates, groups, write } = makeWrite()
      const { commit } = yield* GroupCommit.make(write, 100, 5)
      const callers = [yield* Effect.forkChild(commit(1))]
      yield* TestClock.adjust("4 millis")
      callers.push(yield* Effect.forkChild(commit(2)))
      assert.deepStrictEqual(groups, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(groups, [[1, 2]])
      Deferred.doneUnsafe(gates[0]!, Effect.void)
      assert.deepStrictEqual(yield* Effect.forEach(callers, Fiber.join), [10, 20])
    }))
})
