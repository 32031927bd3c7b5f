import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { until } from "./linksGround.ts"
import { bytes, connected, onBothGrounds, textOf } from "./linksSuite.ts"

onBothGrounds("Questions over links", (test) => {
  test("answer questions with the name of who asks, by one of those who answer that kind", (ground) =>
    Effect.gen(function*() {
      const [east, east2, west] = [yield* ground.open("east"), yield* ground.open("east"), yield* ground.open("west")]
      let answered = 0
      const handler = (data: Uint8Array, from: string) => {
        answered++
        return Effect.succeed(bytes(`${textOf(data)} for ${from}`))
      }
      yield* east.answer("greeting", handler)
      yield* east2.answer("greeting", handler)
      yield* connected(west, "east")
      yield* Effect.eventually(west.ask("east", "greeting", bytes("first"), 5_000))
      answered = 0
      const replies = yield* Effect.forEach([1, 2, 3, 4], (i) => west.ask("east", "greeting", bytes(`${i}`), 20_000), { concurrency: 4 })
      assert.deepStrictEqual(replies.map(textOf), ["1 for west", "2 for west", "3 for west", "4 for west"])
      assert.strictEqual(answered, 4)
    }))

  test("tell why there is no answer: nobody for this kind, too slow, refused, died, or too large", (ground) =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground.open("east"), yield* ground.open("west")]
      yield* east.answer("slow", () => Effect.never)
      yield* east.answer("refusing", () => Effect.fail("not for you"))
      yield* east.answer("dying", () => Effect.die(new Error("a mistake")))
      yield* east.answer("large", () => Effect.succeed(new Uint8Array(512 * 1_024 + 1)))
      yield* east.answer("full", () => Effect.succeed(new Uint8Array(512 * 1_024)))
      yield* connected(west, "east")
      yield* Effect.eventually(west.ask("east", "full", bytes(""), 10_000))
      const why = (kind: string, timeout = 20_000): Effect.Effect<{ readonly _tag: string; readonly reason: string }, unknown> =>
        Effect.flip(west.ask("east", kind, bytes("x"), timeout))
      assert.deepInclude(yield* why("unheard-of"), { _tag: "LinkDown", reason: "nobody" })
      assert.deepInclude(yield* why("slow", 200), { _tag: "LinkDown", reason: "timeout" })
      assert.deepInclude(yield* why("refusing"), { _tag: "AskRefused", reason: "not for you" })
      assert.deepInclude(yield* why("dying"), { _tag: "AskRefused", reason: "it failed" })
      assert.include((yield* why("large")).reason, "524289 bytes")
    }))

  test("refuse questions beyond those that are answered at once", (ground) =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground.open("east"), yield* ground.open("west")]
      let started = 0
      yield* east.answer("never", () => Effect.suspend(() => {
        started++
        return Effect.never
      }))
      yield* connected(west, "east")
      yield* Effect.forkScoped(Effect.eventually(west.ask("east", "never", bytes(""), 60_000)))
      yield* until("the first is heard", () => started > 0)
      const asked = yield* Effect.forEach(
        Array.from({ length: 80 }),
        () => Effect.flip(west.ask("east", "never", bytes(""), 3_000)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(started, 64)
      assert.strictEqual(asked.filter((error) => error._tag === "AskRefused").length, 17)
    }))
})
