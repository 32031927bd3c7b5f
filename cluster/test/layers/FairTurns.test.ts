/** Many fibers that are due at once do not keep others waiting. */
import { assert, describe, it } from "@effect/vitest"
import * as FairTurns from "@rookery/cluster/layers/FairTurns"
import { Effect, Fiber, Scheduler } from "effect"

const tasksOfOneTurn = 64
const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** As many tasks of one fiber, each noted when it runs. */
const scheduled = (count: number, priorityOf: (index: number) => number = () => 0) => {
  const dispatcher = FairTurns.make().makeDispatcher()
  const ran: Array<number> = []
  for (let i = 0; i < count; i++) dispatcher.scheduleTask(() => ran.push(i), priorityOf(i))
  return { dispatcher, ran }
}

describe("turns of the event loop", () => {
  it.live("start so many tasks of one fiber and no more", () =>
    Effect.gen(function*() {
      const { ran } = scheduled(150)
      const after: Array<number> = []
      for (let i = 0; i < 3; i++) {
        yield* turn
        after.push(ran.length)
      }
      assert.deepStrictEqual(after, [tasksOfOneTurn, 2 * tasksOfOneTurn, 150])
      assert.deepStrictEqual(ran, Array.from({ length: 150 }, (_, i) => i))
    }))

  it.live("keep the order of priorities, and within each that of coming", () =>
    Effect.gen(function*() {
      const { ran } = scheduled(6, (i) => [5, 0, 5, -1, 0, 5][i]!)
      yield* turn
      assert.deepStrictEqual(ran, [3, 1, 4, 0, 2, 5])
    }))

  it.live("leave what a task schedules to the next one", () =>
    Effect.gen(function*() {
      const { dispatcher, ran } = scheduled(1)
      dispatcher.scheduleTask(() => dispatcher.scheduleTask(() => ran.push(99), 0), 0)
      yield* turn
      assert.deepStrictEqual(ran, [0])
      yield* turn
      assert.deepStrictEqual(ran, [0, 99])
    }))

  it("are not waited for by whoever flushes", () => {
    const { dispatcher, ran } = scheduled(150)
    dispatcher.scheduleTask(() => dispatcher.scheduleTask(() => ran.push(99), 0), 0)
    dispatcher.flush()
    assert.strictEqual(ran.length, 151)
  })

  it.live("let others in while a thousand children of a fiber start, and start them all", () =>
    Effect.gen(function*() {
      let started = 0
      const children = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 1000 }), () => Effect.forkChild(Effect.sync(() => void started++))).pipe(
          Effect.flatMap(Fiber.joinAll)
        )
      ).pipe(Effect.provideService(Scheduler.Scheduler, FairTurns.make()))
      yield* Effect.repeat(turn, { until: () => started > 0 })
      assert.isAtMost(started, 2 * tasksOfOneTurn)
      yield* Fiber.join(children)
      assert.strictEqual(started, 1000)
    }))
})
