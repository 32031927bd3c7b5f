import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@rookery/store/StoreError"
import { Deferred, Effect, Fiber } from "effect"
import { vi } from "vitest"
import * as FillCache from "../src/read/FillCache.ts"
import { kinds, type Row } from "./fillCacheKinds.ts"

/** A store whose loads wait until they are let go. */
const makeStore = (rows: Map<number, Row>) => {
  const loads: Array<{ readonly keys: ReadonlyArray<number>; readonly go: Deferred.Deferred<void, StoreError> }> = []
  const load = (keys: ReadonlyArray<number>) =>
    Effect.suspend(() => {
      const go = Deferred.makeUnsafe<void, StoreError>()
      loads.push({ keys, go })
      // Read before the wait: what lands is as old as the load's beginning.
      const found = new Map([...rows].filter(([key]) => keys.includes(key)))
      return Effect.as(Deferred.await(go), found)
    })
  return { rows, loads, load }
}

const makeCache = (store: ReturnType<typeof makeStore>, options: Partial<FillCache.Options<number, Row>> = {}) =>
  FillCache.make<number, Row>({
    bytesMax: 1_000_000,
    sizeOf: (row) => row.length,
    millis: 60_000,
    missingMillis: () => 60_000,
    batchMax: 100,
    loadsMax: 1,
    load: store.load,
    ...options
  })

/** A fiber that was forked begins in the next turn, and what it asks for is loaded at the end of that one. */
const turnsMax = 8
const turns = Effect.promise(async () => {
  for (let i = 0; i < turnsMax; i++) await new Promise<void>((resolve) => setImmediate(resolve))
})

const letGo = (store: ReturnType<typeof makeStore>, n: number) => Deferred.succeed(store.loads[n]!.go, undefined)

describe.each(kinds)("FillCache over slots of $kind", ({ slots }) => {
  it.effect("loads a cold key once, however many ask, and sends what waits in one load", () =>
    Effect.gen(function*() {
      const store = makeStore(new Map([[1, "one"], [2, "two"]]))
      const cache = yield* makeCache(store, { slots, batchMax: 2 })
      const asked = yield* Effect.forkChild(Effect.all(
        [cache.all([1]), cache.all([1, 2]), cache.all([2, 3]), cache.all([1])],
        { concurrency: "unbounded" }
      ))
      yield* turns
      yield* letGo(store, 0)
      yield* turns
      yield* letGo(store, 1)
      assert.deepStrictEqual(yield* Fiber.join(asked), [["one"], ["one", "two"], ["two", undefined], ["one"]])
      assert.deepStrictEqual(store.loads.map((load) => load.keys), [[1, 2], [3]])
      assert.deepStrictEqual(yield* cache.all([1, 2, 3]), ["one", "two", undefined], "absence is remembered too")
      assert.lengthOf(store.loads, 2)
    }))

  it.effect("does not keep what was loaded from before an invalidation, nor hand it to those who ask after it", () =>
    Effect.gen(function*() {
      const store = makeStore(new Map([[1, "old"]]))
      const cache = yield* makeCache(store, { slots, loadsMax: 2 })
      const before = yield* Effect.forkChild(cache.all([1]))
      yield* turns
      store.rows.set(1, "new")
      cache.invalidate(1)
      const after = yield* Effect.forkChild(cache.all([1]))
      yield* turns
      yield* letGo(store, 1)
      yield* letGo(store, 0)
      assert.deepStrictEqual([yield* Fiber.join(before), yield* Fiber.join(after)], [["old"], ["new"]])
      assert.deepStrictEqual(yield* cache.all([1]), ["new"])
      store.rows.delete(1)
      cache.clear()
      const gone = yield* Effect.forkChild(cache.all([1]))
      yield* turns
      yield* letGo(store, 2)
      assert.deepStrictEqual(yield* Fiber.join(gone), [undefined])
    }))

  it.effect("loads what is asked while a load is under way in the next one", () =>
    Effect.gen(function*() {
      const store = makeStore(new Map([[1, "one"], [2, "two"], [3, "three"]]))
      const cache = yield* makeCache(store, { slots })
      const first = yield* Effect.forkChild(cache.all([1]))
      yield* turns
      const second = yield* Effect.forkChild(cache.all([2]))
      yield* turns
      const third = yield* Effect.forkChild(cache.all([3]))
      yield* turns
      assert.deepStrictEqual(store.loads.map((load) => load.keys), [[1]])
      yield* letGo(store, 0)
      assert.deepStrictEqual(yield* Fiber.join(first), ["one"])
      yield* letGo(store, 1)
      assert.deepStrictEqual([yield* Fiber.join(second), yield* Fiber.join(third)], [["two"], ["three"]])
      assert.deepStrictEqual(store.loads.map((load) => load.keys), [[1], [2, 3]])
    }))

  it.effect("stays within its bytes and keeps what is used", () =>
    Effect.gen(function*() {
      const row = "x".repeat(880)
      let loaded = 0
      const cache = yield* FillCache.make<number, Row>({
        slots,
        bytesMax: 10_000,
        sizeOf: (value) => value.length,
        millis: 60_000,
        missingMillis: () => 0,
        batchMax: 100,
        loadsMax: 1,
        load: (keys) => Effect.sync(() => (loaded += keys.length, new Map(keys.map((key) => [key, row]))))
      })
      for (let key = 0; key < 100; key++) {
        yield* cache.all([key])
        yield* cache.all([0])
        assert.isAtMost(cache.bytes(), 10_000)
      }
      assert.strictEqual(cache.size(), 10)
      assert.strictEqual(loaded, 100, "the key that is always used was loaded once")
    }))

  it.effect("loads anew what is in doubt, wherever it stands, when its time has come", () =>
    Effect.gen(function*() {
      const clock = vi.spyOn(performance, "now")
      yield* Effect.addFinalizer(() => Effect.sync(() => clock.mockRestore()))
      clock.mockReturnValue(1_000)
      const loaded: Array<number> = []
      const behind = new Map<number, { readonly value: Row; readonly until: number }>()
      const cache = yield* makeCache(makeStore(new Map()), {
        slots,
        millis: 600_000,
        missingMillis: () => 600_000,
        load: (keys) => Effect.sync(() => (loaded.push(...keys), new Map(keys.filter((key) => key < 3).map((key) => [key, "row"])))),
        // The first stands behind alone.
        behind: {
          get: (key) => behind.has(key) ? { ...behind.get(key)!, isHot: false } : undefined,
          put: (key, value, until) => key === 1 && behind.set(key, { value, until }) !== undefined,
          delete: (key) => void behind.delete(key),
          clear: () => behind.clear()
        }
      })
      const ask = Effect.andThen(cache.all([1, 2, 3]), Effect.sync(() => loaded.splice(0)))
      assert.deepStrictEqual(yield* ask, [1, 2, 3])
      cache.doubt()
      clock.mockReturnValue(10_000)
      assert.deepStrictEqual(yield* ask, [], "nothing is asked for at once")
      clock.mockReturnValue(90_000)
      assert.deepStrictEqual(yield* ask, [1, 2], "that there is nothing is not doubted")
      assert.deepStrictEqual(yield* ask, [])
    }))

  it.effect("fails those who wait, and only those, when a load fails", () =>
    Effect.gen(function*() {
      const store = makeStore(new Map([[1, "one"]]))
      const cache = yield* makeCache(store, { slots })
      const asked = yield* Effect.forkChild(Effect.flip(cache.all([1, 2])))
      yield* turns
      yield* Deferred.fail(store.loads[0]!.go, new StoreError({ operation: "test", cause: "gone" }))
      assert.strictEqual((yield* Fiber.join(asked))._tag, "StoreError")
      const again = yield* Effect.forkChild(cache.all([1]))
      yield* turns
      yield* letGo(store, 1)
      assert.deepStrictEqual(yield* Fiber.join(again), ["one"])
    }))

  it.effect("changes a value in its place, drops it on request, and keeps no load that was under way meanwhile", () =>
    Effect.gen(function*() {
      const store = makeStore(new Map([[1, "one"], [2, "two"]]))
      const cache = yield* makeCache(store, { slots })
      const asked = yield* Effect.forkChild(cache.all([1, 2]))
      yield* turns
      cache.change(2, () => "never")
      yield* letGo(store, 0)
      assert.deepStrictEqual(yield* Fiber.join(asked), ["one", "two"])
      cache.change(1, (value) => `${value} more`)
      assert.deepStrictEqual(yield* cache.all([1]), ["one more"])
      const again = yield* Effect.forkChild(cache.all([2]))
      yield* turns
      yield* letGo(store, 1)
      assert.deepStrictEqual(yield* Fiber.join(again), ["two"])
      cache.change(1, () => undefined)
      const last = yield* Effect.forkChild(cache.all([1]))
      yield* turns
      yield* letGo(store, 2)
      assert.deepStrictEqual(yield* Fiber.join(last), ["one"])
      assert.deepStrictEqual(store.loads.map((load) => load.keys), [[1, 2], [2], [1]])
    }))
})
