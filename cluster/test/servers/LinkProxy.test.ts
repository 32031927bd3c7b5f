import { assert, describe, it } from "@effect/vitest"
import * as LinkNetwork from "@rookery/cluster/local/LinkNetwork"
import * as LinkFlow from "@rookery/cluster/servers/LinkFlow"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Schedule } from "effect"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

/** Answers every byte with the same byte, and remembers what it heard. */
const startEcho = Effect.acquireRelease(
  Effect.callback<{ readonly server: Server; readonly port: number; readonly heard: () => number }>((resume) => {
    let bytes = 0
    const server = createServer((socket) => {
      socket.on("error", () => {})
      socket.on("data", (data) => {
        bytes += data.length
        socket.write(data)
      })
    })
    server.listen(0, "127.0.0.1", () => {
      resume(Effect.succeed({ server, port: (server.address() as AddressInfo).port, heard: () => bytes }))
    })
  }),
  ({ server }) => Effect.sync(() => void server.close())
)

const dial = (port: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Socket>((resume) => {
        const socket = connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
        socket.on("error", () => {})
      }),
      (socket) => Effect.sync(() => void socket.destroy())
    ),
    (socket) => {
      const heard = { bytes: 0, ended: false }
      socket.on("data", (data) => void (heard.bytes += data.length)).on("close", () => void (heard.ended = true))
      return { socket, heard }
    }
  )

const until = (what: string, holds: () => boolean) =>
  Effect.suspend(() => holds() ? Effect.void : Effect.fail(new Error(`${what}: not within 20 s`))).pipe(
    Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 2_000 })
  )

const arrange = Effect.fnUntraced(function*(conditions: { readonly latencyMillis?: number; readonly loss?: number } = {}) {
  const echo = yield* startEcho
  const network = LinkNetwork.make({ datacenters: ["a", "b"], ...conditions })
  const proxy = yield* network.proxy("a", "b", () => ({ host: "127.0.0.1", port: echo.port }))
  return { echo, network, ...(yield* dial(proxy.port)) }
})

/** Many round trips between two others: what was to come here would have come. */
const elsewhere = Effect.scoped(Effect.gen(function*() {
  const { heard, socket } = yield* arrange({ latencyMillis: 5 })
  for (let trip = 1; trip <= 20; trip++) {
    socket.write("x")
    yield* until("a round trip", () => heard.bytes === trip)
  }
}))

const large = Buffer.alloc(300_000, 7)

describe("The proxy between two datacenters", () => {
  it.live("carries all bytes both ways, and takes at least the latency there and back", () =>
    Effect.gen(function*() {
      const { heard, socket } = yield* arrange({ latencyMillis: 60 })
      const started = performance.now()
      socket.write(large)
      yield* until("all bytes", () => heard.bytes === large.length)
      assert.isAtLeast(performance.now() - started, 119)
    }).pipe(Effect.scoped))

  it.live("holds up what is said over a cut link, and hands it on once it is healed", () =>
    Effect.gen(function*() {
      const { echo, heard, network, socket } = yield* arrange()
      socket.write("1")
      yield* until("the first byte", () => heard.bytes === 1)
      network.cut("a", "b")
      socket.write(large)
      yield* elsewhere
      assert.deepStrictEqual([echo.heard(), heard.bytes, heard.ended], [1, 1, false])
      assert.isTrue(network.isCut("b", "a"))
      network.heal("b", "a")
      yield* until("all bytes", () => heard.bytes === large.length + 1)
    }).pipe(Effect.scoped))

  it.live("cut one way lets the first window of the other direction pass, and no more: it hears of no arrival", () =>
    Effect.gen(function*() {
      const { echo, heard, network, socket } = yield* arrange({ latencyMillis: 20 })
      socket.write(large)
      yield* until("the echo has it", () => echo.heard() === large.length)
      yield* until("all bytes", () => heard.bytes === large.length)
      network.cut("b", "a", true)
      for (let i = 0; i < 20; i++) socket.write(large)
      yield* until("something passes", () => echo.heard() > large.length)
      yield* elsewhere
      assert.isBelow(echo.heard(), 2 * large.length)
      assert.strictEqual(heard.bytes, large.length)
      assert.isFalse(network.isCut("a", "b"))
      network.heal("a", "b")
      yield* until("all bytes", () => heard.bytes === 21 * large.length)
    }).pipe(Effect.scoped), 60_000)

  it.live("ends a caller's connection when the other side ends it, and when there is no other side", () =>
    Effect.gen(function*() {
      const network = LinkNetwork.make({ datacenters: ["a", "b"], latencyMillis: 10 })
      const closing = yield* Effect.acquireRelease(
        Effect.callback<Server>((resume) => {
          const server = createServer((socket) => socket.end("bye"))
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => void server.close())
      )
      const { port } = closing.address() as AddressInfo
      const proxy = yield* network.proxy("a", "b", () => ({ host: "127.0.0.1", port }))
      const one = yield* dial(proxy.port)
      yield* until("the word and the end", () => one.heard.bytes === 3 && one.heard.ended)
      const nowhere = yield* network.proxy("a", "b", () => undefined)
      const other = yield* dial(nowhere.port)
      yield* until("the end", () => other.heard.ended)
    }).pipe(Effect.scoped))
})

describe("The losses of a way", () => {
  const way = { latencyMillis: 80, loss: 0.1 }

  it("are stalls: the time of a repeat where little follows, a round trip where enough does, none without loss", () => {
    const first = (lost: number) => {
      let asked = 0
      return () => asked++ === lost ? 0 : 1
    }
    assert.strictEqual(LinkFlow.stallOf(100, way, first(0)), 360)
    assert.strictEqual(LinkFlow.stallOf(10 * 1_448, way, first(0)), 160)
    assert.strictEqual(LinkFlow.stallOf(10 * 1_448, way, first(9)), 360)
    assert.strictEqual(LinkFlow.stallOf(100, { ...way, loss: 0 }, () => 0), 0)
    // The repeat is lost as well: the wait doubles.
    let draws = 0
    assert.strictEqual(LinkFlow.stallOf(100, way, () => draws++ < 2 ? 0 : 1), 360 + 720)
    assert.strictEqual(LinkFlow.stallOf(100, way, () => 0), 120_000)
  })

  it("come as often as they are set to", () => {
    const random = Seeded.make(7)
    let stalled = 0
    for (let i = 0; i < 20_000; i++) if (LinkFlow.stallOf(100, way, () => random.next()) > 0) stalled++
    assert.isAbove(stalled, 1_800)
    assert.isBelow(stalled, 2_200)
  })
})
