/** Runs a plan over datacenters that are disturbed, heals them now and then, and verifies that they agree with the oracle. */
import * as Replay from "@rookery/testkit/Replay"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import * as Plan from "../../oracle/plan.ts"
import { healAll } from "./disturb.ts"
import type { Seas } from "./seas.ts"
import { answerSomebody, perform, type Union } from "./union.ts"
import { agreement, verify } from "./verify.ts"

export interface Drive {
  /** With the seed of everything that is drawn. */
  readonly replay: Replay.Replay
  readonly millis: number
  /** Answers what it did. */
  readonly disturb: (seas: Seas, random: Seeded.Seeded) => Effect.Effect<string, unknown>
  /** After healing all agree within this time. */
  readonly agreeMillis: number
}

export interface Report {
  batches: number
  operations: number
  checks: number
  /** From healing to agreement, the longest, in milliseconds. */
  agreedMillis: number
  readonly disturbances: Record<string, number>
}

/** However slow the machine is. */
const operationsMin = 60

const disturbShare = 0.3
const checkShare = 0.04

/** Fails with the seed and what was broken. */
export const drive = (union: Union, options: Drive): Effect.Effect<Report> => {
  const random = Seeded.make(options.replay.seed)
  const plan = Plan.make(random.fork(), union.people.length)
  const [checks, disturbances, answers] = [random.fork(), random.fork(), random.fork()]
  const report: Report = { batches: 0, operations: 0, checks: 0, agreedMillis: 0, disturbances: {} }
  const check = Effect.gen(function*() {
    report.checks++
    yield* healAll(union.seas)
    report.agreedMillis = Math.max(report.agreedMillis, Math.round(yield* agreement(union, options.agreeMillis)))
    yield* verify(union, checks)
  })
  const batch = Effect.gen(function*() {
    report.batches++
    if (disturbances.chance(disturbShare)) {
      const kind = yield* options.disturb(union.seas, disturbances)
      report.disturbances[kind] = (report.disturbances[kind] ?? 0) + 1
    }
    const operations = Plan.nextBatch(plan)
    report.operations += operations.length
    yield* Effect.forEach(operations, (operation) => perform(union, operation), { concurrency: "unbounded", discard: true })
    if (answers.chance(0.3)) yield* answerSomebody(union, answers)
    if (checks.chance(checkShare)) yield* check
  })
  const goOn = Effect.suspend(() => {
    const deadline = Date.now() + options.millis
    const isGoing = () => Date.now() < deadline || report.operations < operationsMin
    return Effect.whileLoop({ while: isGoing, body: () => batch, step: () => {} })
  })
  // They know each other before anything goes wrong.
  const run = agreement(union, options.agreeMillis).pipe(Effect.andThen(goOn), Effect.andThen(check), Effect.as(report))
  return Replay.named(options.replay, run, () => JSON.stringify(report))
}
