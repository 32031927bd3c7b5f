import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as Coalescer from "../src/Coalescer.ts"

/** Messages that wait until they are let go; each answers its items doubled. */
const makeReceiver = () => {
  const messages: Array<{ readonly key: string; readonly items: ReadonlyArray<number>; readonly go: Deferred.Deferred<void, string> }> = []
  const send = (key: string, items: ReadonlyArray<number>) =>
    Effect.suspend(() => {
      const go = Deferred.makeUnsafe<void, string>()
      messages.push({ key, items, go })
      return Effect.as(Deferred.await(go), items.map((item) => item * 2))
    })
  return { messages, send }
}

const make = (receiver: ReturnType<typeof makeReceiver>, options: Partial<Coalescer.Options<string, number, number, string>> = {}) =>
  Coalescer.make<string, number, number, string>({
    inFlightMax: 1,
    batchMax: 100,
    waitingMax: 10,
    full: (key) => `${key} is full`,
    send: receiver.send,
    ...options
  })

const sent = (receiver: ReturnType<typeof makeReceiver>) => receiver.messages.map(({ items, key }) => `${key}: ${items.join(" ")}`)

describe("Coalescer", () => {
  it.effect("sends at once, and what waits together, in order, cut to the batch", () =>
    Effect.gen(function*() {
      const receiver = makeReceiver()
      const lanes = yield* make(receiver, { batchMax: 3 })
      const asked = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3, 4, 5], (n) => lanes.request("a", n), { concurrency: "unbounded" })
      )
      const other = yield* Effect.forkChild(lanes.request("b", 9))
      yield* Effect.yieldNow
      assert.deepStrictEqual(sent(receiver), ["a: 1", "b: 9"], "keys do not wait for each other")
      for (const n of [0, 1, 2, 3]) {
        yield* Deferred.succeed(receiver.messages[n]!.go, undefined)
        yield* Effect.yieldNow
      }
      assert.deepStrictEqual(yield* Fiber.join(asked), [2, 4, 6, 8, 10])
      assert.strictEqual(yield* Fiber.join(other), 18)
      assert.deepStrictEqual(sent(receiver), ["a: 1", "b: 9", "a: 2 3 4", "a: 5"])
      assert.strictEqual(lanes.pending(), 0)
    }))

  it.effect("gathers what arrives in one turn of the event loop", () =>
    Effect.gen(function*() {
      const receiver = makeReceiver()
      const lanes = yield* make(receiver, { gather: true })
      const asked = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3], (n) => lanes.request("a", n), { concurrency: "unbounded" })
      )
      yield* Effect.promise(() => new Promise(setImmediate))
      yield* Effect.promise(() => new Promise(setImmediate))
      assert.deepStrictEqual(sent(receiver), ["a: 1 2 3"])
      yield* Deferred.succeed(receiver.messages[0]!.go, undefined)
      assert.deepStrictEqual(yield* Fiber.join(asked), [2, 4, 6])
    }))

  it.effect("refuses what is too much, fails with the message, and lets an asker go", () =>
    Effect.gen(function*() {
      const receiver = makeReceiver()
      const lanes = yield* make(receiver, { waitingMax: 2 })
      const first = yield* Effect.forkChild(Effect.flip(lanes.request("a", 1)))
      const left = yield* Effect.forkChild(lanes.request("a", 2))
      const third = yield* Effect.forkChild(lanes.request("a", 3))
      yield* Effect.yieldNow
      assert.strictEqual(yield* Effect.flip(lanes.request("a", 4)), "a is full")
      yield* Fiber.interrupt(left)
      yield* Deferred.fail(receiver.messages[0]!.go, "broken")
      assert.strictEqual(yield* Fiber.join(first), "broken")
      yield* Effect.yieldNow
      yield* Deferred.succeed(receiver.messages[1]!.go, undefined)
      assert.strictEqual(yield* Fiber.join(third), 6)
      assert.strictEqual(lanes.pending(), 0)
    }))
})
