/** What the log says of a server that goes away and comes back. */
import { assert, describe, it } from "@effect/vitest"
import * as DependencyWatch from "@rookery/cluster/layers/DependencyWatch"
import * as Logs from "@rookery/observe/Logs"
import * as Outages from "@rookery/observe/Outages"
import { StoreError } from "@rookery/store/StoreError"
import { Effect, Layer } from "effect"
import { TestClock, TestConsole } from "effect/testing"

const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
const ofAbsence = new StoreError({ operation: "test", cause: refused })
const ofAnythingElse = new StoreError({ operation: "test", cause: new Error("syntax error") })

interface Line {
  readonly level: string
  readonly message: string
  readonly annotations: Readonly<Record<string, unknown>>
}

const lines = Effect.map(TestConsole.logLines, (all): ReadonlyArray<Line> => all.map((line) => JSON.parse(String(line))))
const messages = Effect.map(lines, (all) => all.map(({ message }) => message))

/** A server that can be taken away, and whoever uses it. */
const withServer = <A, E>(use: (server: { isThere: boolean }) => Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const server = { isThere: true }
    const watch = DependencyWatch.layer({
      name: "NATS",
      part: "bus",
      url: "nats://name:secret@127.0.0.1:4222",
      probe: Effect.suspend(() => server.isThere ? Effect.void : Effect.fail(refused)),
      meanwhile: "nothing is told"
    })
    const logs = Logs.layer({ format: "json", level: "Info", isTerminal: false })
    return use(server).pipe(Effect.provide(Layer.provideMerge(watch, logs)))
  })

describe("an outage in the log", () => {
  it.effect("is a line when it begins, few while it lasts however many fail, and one when it ends", () =>
    withServer((server) =>
      Effect.gen(function*() {
        yield* TestClock.adjust(5_000)
        assert.deepStrictEqual(yield* lines, [])
        server.isThere = false
        for (let second = 0; second < 100; second++) {
          yield* TestClock.adjust(1_000)
          yield* Effect.logWarning("something failed", ofAbsence)
          yield* Effect.logError("a request failed", ofAbsence)
        }
        server.isThere = true
        yield* TestClock.adjust(1_000)
        const { dependencyAway, dependencyBack, dependencyLost } = Logs.names
        assert.deepStrictEqual(yield* messages, [dependencyLost, dependencyAway, dependencyAway, dependencyAway, dependencyAway, dependencyBack])
        const all = yield* lines
        assert.deepInclude(all[0], { level: "ERROR" })
        assert.deepInclude(all[0]!.annotations, { dependency: "NATS", address: "127.0.0.1:4222", reason: "connect ECONNREFUSED", meanwhile: "nothing is told" })
        assert.match(String(all[0]!.annotations["todo"]), /bring it back/)
        assert.deepInclude(all.at(-1)!.annotations, { seconds: 100, heldBack: 200 })
        assert.notInclude(JSON.stringify(all), "secret")
      })))

  it.effect("hides nothing that it does not explain, and nothing once it is over", () =>
    withServer((server) =>
      Effect.gen(function*() {
        server.isThere = false
        yield* TestClock.adjust(1_000)
        yield* Effect.logWarning("a statement is wrong", ofAnythingElse)
        server.isThere = true
        yield* TestClock.adjust(1_000)
        yield* Effect.logWarning("a host does not answer", ofAbsence)
        const [lost, wrong, back, host] = (yield* messages).map((message) => Array.isArray(message) ? message[0] : message)
        assert.deepStrictEqual([lost, back], [Logs.names.dependencyLost, Logs.names.dependencyBack])
        assert.deepStrictEqual([wrong, host], ["a statement is wrong", "a host does not answer"])
      })))

  it.effect("is looked for at once when a connection breaks; what broke alone is told in one line", () =>
    withServer((server) =>
      Effect.gen(function*() {
        Outages.doubt("NATS")
        yield* Effect.logWarning("something failed", ofAbsence)
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(yield* messages, [Logs.names.dependencyStumbled])
        server.isThere = false
        Outages.doubt("NATS")
        yield* TestClock.adjust(0)
        assert.deepStrictEqual(yield* messages, [Logs.names.dependencyStumbled, Logs.names.dependencyLost])
        server.isThere = true
        yield* TestClock.adjust(1_000)
      })))
})
