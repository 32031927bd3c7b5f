import { assert, describe, it } from "@effect/vitest"
import { Bus, type Delivery } from "@rookery/bus/Bus"
import * as BusNats from "@rookery/bus/nats/BusNats"
import * as EndedSockets from "../src/nats/endedSockets.ts"
import * as Envelope from "@rookery/bus/nats/Envelope"
import * as SenderNumbers from "@rookery/bus/nats/SenderNumbers"
import * as NatsServer from "@rookery/cluster/servers/NatsServer"
import { connect } from "@nats-io/transport-node"
import { Context, Effect, Exit, Layer, Schedule, Scope, Stream } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inject } from "vitest"

const open = (url: string, prefix: string) =>
  Effect.map(Layer.build(BusNats.layer({ url, name: "test", prefix })), (context) => Context.get(context, Bus))

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-bus-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const next = (stream: Stream.Stream<Delivery>, count: number) =>
  stream.pipe(Stream.take(count), Stream.runCollect, Effect.timeout("10 seconds"))

const tags = (deliveries: ReadonlyArray<Delivery>) =>
  deliveries.map((delivery) => delivery._tag === "MaybeLost" ? delivery.reason : delivery._tag)

const untilOk = Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "10 seconds" })))

describe("The bus over NATS", () => {
  it.live("fails while the server is away, and tells readers on both sides when it is back", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const serverScope = yield* Scope.make()
      const server = yield* Scope.provide(NatsServer.start({ folder: path }), serverScope)
      const one = yield* open(server.url, "x")
      const two = yield* open(server.url, "x")
      const atTwo = yield* two.subscribe("s")
      yield* one.publish("s", new Uint8Array([1]))
      assert.deepStrictEqual(tags(yield* next(atTwo, 1)), ["Message"])

      yield* Scope.close(serverScope, Exit.void)
      yield* Effect.flip(one.ping).pipe(untilOk)
      yield* Effect.flip(one.publish("s", new Uint8Array([2]))).pipe(untilOk)

      yield* NatsServer.start({ folder: path, port: server.port })
      yield* one.ping.pipe(untilOk)
      yield* two.ping.pipe(untilOk)
      assert.strictEqual((yield* next(atTwo, 1))[0]!._tag, "MaybeLost")
      // Both are back; what either lost is known by now or by the next message's number.
      yield* one.publish("s", new Uint8Array([3]))
      const rest = yield* atTwo.pipe(
        Stream.takeUntil((delivery) => delivery._tag === "Message" && delivery.data[0] === 3),
        Stream.runCollect,
        Effect.timeout("10 seconds")
      )
      assert.strictEqual(rest.at(-1)!._tag, "Message")
    }).pipe(Effect.scoped))

  it.live("writes nothing to a socket that was ended, which would be an error that nobody hears", () =>
    Effect.gen(function*() {
      yield* open(inject("natsUrl"), "ended") // guards the client
      const connection = yield* Effect.promise(() => connect({ servers: inject("natsUrl"), reconnect: false }))
      const transport = EndedSockets.transportOf(connection) as unknown as {
        readonly socket: { end(): void; write: unknown }
        _send(frame: Uint8Array): Promise<void>
      }
      let written = 0
      transport.socket.end()
      transport.socket.write = () => written++
      yield* Effect.promise(() => transport._send(new Uint8Array([1])))
      assert.strictEqual(written, 0)
      yield* Effect.promise(() => connection.closed())
    }).pipe(Effect.scoped))

  it.live("tells of a gap in a sender's numbers, of a sender first heard in the middle, and of broken messages", () =>
    Effect.gen(function*() {
      const bus = yield* open(inject("natsUrl"), "gaps")
      const raw = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: inject("natsUrl") })),
        (connection) => Effect.promise(() => connection.close())
      )
      const stream = yield* bus.subscribe("s")
      const say = (sender: bigint, number: number, kind: "message" | "beat" = "message") =>
        raw.publish("gaps.s", Envelope.encode({ kind, sender, number, data: new Uint8Array([number]) }))

      const hear = (count: number) => Effect.map(next(stream, count), tags)
      say(1n, 1)
      assert.deepStrictEqual(yield* hear(1), ["Message"])
      say(1n, 3)
      assert.deepStrictEqual(yield* hear(2), ["gap", "Message"])
      say(2n, 9)
      assert.deepStrictEqual(yield* hear(2), ["gap", "Message"])
      say(1n, 5, "beat")
      assert.deepStrictEqual(yield* hear(1), ["gap"])
      say(1n, 6)
      assert.deepStrictEqual(yield* hear(1), ["Message"])
      raw.publish("gaps.s", new Uint8Array([1, 2, 3]))
      assert.deepStrictEqual(yield* hear(1), ["broken"])
    }).pipe(Effect.scoped))

  it.live("fails at the start when there is no server", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(open("nats://127.0.0.1:1", "x")))
      assert.strictEqual(error._tag, "BusError")
    }))
})

describe("SenderNumbers", () => {
  it("forgets the sender that it has not heard for longest, and then takes it for one that may have lost something", () => {
    const numbers = SenderNumbers.make()
    for (let sender = 0; sender < SenderNumbers.sendersMax; sender++) SenderNumbers.hasGap(numbers, BigInt(sender), 1)
    assert.isFalse(SenderNumbers.hasGap(numbers, 0n, 2))
    assert.isFalse(SenderNumbers.hasGap(numbers, 99_999_999n, 1))
    assert.strictEqual(numbers.last.size, SenderNumbers.sendersMax)
    assert.isFalse(SenderNumbers.hasGap(numbers, 0n, 3))
    assert.isTrue(SenderNumbers.hasGap(numbers, 1n, 2))
  })
})
