import { assert, describe, it } from "@effect/vitest"
import * as Logs from "@rookery/observe/Logs"
import { Effect } from "effect"
import { TestConsole } from "effect/testing"

const linesLogged = (options: Logs.LogOptions) =>
  Effect.gen(function*() {
    yield* Effect.logDebug("quiet")
    yield* Effect.logInfo(Logs.names.ready).pipe(Effect.annotateLogs({ port: 8080 }))
    return (yield* TestConsole.logLines).map(String)
  }).pipe(Effect.provide(Logs.layer(options)))

describe("Logs", () => {
  it.effect("writes one JSON object a line where nobody watches", () =>
    Effect.gen(function*() {
      const lines = yield* linesLogged({ format: "auto", level: "Info", isTerminal: false })
      assert.strictEqual(lines.length, 1)
      const line = JSON.parse(lines[0]!)
      assert.strictEqual(line.message, Logs.names.ready)
      assert.deepStrictEqual(line.annotations, { port: 8080 })
    }))

  it.effect("writes for people on a terminal, at the level asked for", () =>
    Effect.gen(function*() {
      const lines = yield* linesLogged({ format: "auto", level: "Debug", isTerminal: true })
      assert.include(lines.join("\n"), "quiet")
      assert.throws(() => JSON.parse(lines[0]!))
    }))

  it("obeys a format that was asked for", () => {
    assert.isTrue(Logs.isPretty({ format: "pretty", level: "Info", isTerminal: false }))
    assert.isFalse(Logs.isPretty({ format: "json", level: "Info", isTerminal: true }))
  })
})
