import { assert, describe, it } from "@effect/vitest"
import { Bus, type Delivery } from "@rookery/bus/Bus"
import * as BusMemory from "@rookery/bus/memory/BusMemory"
import * as BusNats from "@rookery/bus/nats/BusNats"
import { Effect, Exit, type Layer, Scope, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"

const text = (delivery: Delivery): string =>
  delivery._tag === "Message" ? Buffer.from(delivery.data).toString() : `lost: ${delivery.reason}`

const textsOf = (stream: Stream.Stream<Delivery>, count: number) =>
  stream.pipe(Stream.take(count), Stream.map(text), Stream.runCollect, Effect.timeout("5 seconds"))

const bytes = (words: string) => new Uint8Array(Buffer.from(words))

const natsLayer = () =>
  BusNats.layer({ url: inject("natsUrl"), name: "test", prefix: `test-${randomBytes(6).toString("hex")}` })

const suites: ReadonlyArray<readonly [string, () => Layer.Layer<Bus, unknown>]> = [
  ["in memory", () => BusMemory.layer],
  ["over NATS", natsLayer]
]

describe.each(suites)("The bus %s", (_, makeLayer) => {
  const test = (name: string, body: (bus: Bus["Service"]) => Effect.Effect<void, unknown, Scope.Scope>) =>
    it.live(name, () => Effect.flatMap(Bus, body).pipe(Effect.scoped, Effect.provide(makeLayer())))

  test("brings a message to every subscriber of its subject, the sender included", (bus) =>
    Effect.gen(function*() {
      const one = yield* bus.subscribe("a.b")
      const two = yield* bus.subscribe("a.b")
      const other = yield* bus.subscribe("a.c")
      yield* bus.publish("a.b", bytes("1"))
      yield* bus.publish("a.c", bytes("2"))
      yield* bus.publish("a.b", bytes("3"))
      assert.deepStrictEqual(yield* textsOf(one, 2), ["1", "3"])
      assert.deepStrictEqual(yield* textsOf(two, 2), ["1", "3"])
      assert.deepStrictEqual(yield* textsOf(other, 1), ["2"])
    }))

  test("tells a subscriber that fell behind, and goes on with what comes after", (bus) =>
    Effect.gen(function*() {
      const slow = yield* bus.subscribe("s", { bufferMax: 3 })
      const quick = yield* bus.subscribe("s")
      for (let i = 1; i <= 5; i++) yield* bus.publish("s", bytes(`${i}`))
      assert.deepStrictEqual(yield* textsOf(quick, 5), ["1", "2", "3", "4", "5"])
      assert.deepStrictEqual(yield* textsOf(slow, 3), ["lost: full", "4", "5"])
    }))

  test("forgets a subscriber whose scope closed, and ends its stream", (bus) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const stream = yield* Scope.provide(bus.subscribe("s"), scope)
      yield* bus.publish("s", bytes("1"))
      assert.deepStrictEqual(yield* textsOf(stream, 1), ["1"])
      yield* Scope.close(scope, Exit.void)
      yield* bus.publish("s", bytes("2"))
      assert.deepStrictEqual(yield* textsOf(stream, 1), [])
    }))

  test("does not share a message's bytes with its sender", (bus) =>
    Effect.gen(function*() {
      const stream = yield* bus.subscribe("s")
      const data = bytes("before")
      yield* bus.publish("s", data)
      data.fill(0)
      assert.deepStrictEqual(yield* textsOf(stream, 1), ["before"])
    }))

  test("refuses wildcards, odd subjects and messages over 64 kB", (bus) =>
    Effect.gen(function*() {
      for (const subject of ["", "a.*", ">", "a b", ".a", "a..b", "x".repeat(201)]) {
        assert.strictEqual((yield* Effect.flip(bus.publish(subject, bytes("")))).name, "BusError")
        assert.strictEqual((yield* Effect.flip(bus.subscribe(subject))).name, "BusError")
      }
      yield* Effect.flip(bus.publish("s", new Uint8Array(64 * 1_024 + 1)))
      const stream = yield* bus.subscribe("s")
      yield* bus.publish("s", new Uint8Array(64 * 1_024))
      assert.strictEqual((yield* textsOf(stream, 1))[0]!.length, 64 * 1_024)
    }))

  test("answers a ping", (bus) => bus.ping)
})
