/**
 * Finds outbox rows that nobody drives and hands each to the actor that should: the claims of a runner that
 * died run out. Also keeps the claims of long fan-outs alive, with how far they got.
 */
import { outboxOldestSeconds, outboxRows, outboxSwept } from "@rookery/observe/Metrics"
import { type OutboxRow, OutboxStore } from "@rookery/store/OutboxStore"
import { Effect, Schedule } from "effect"
import type { Runner } from "./Runner.ts"

const rowsMax = 256
const atOnce = 64

const hand = (runner: Runner, row: OutboxRow) => {
  const resumed = row.task._tag === "Edge"
    ? runner.actors.userTimeline(String(row.owner)).ResumeEdge({ outboxId: row.id })
    : runner.actors.author(String(row.owner)).Resume({ outboxId: row.id })
  return resumed.pipe(
    Effect.timeout(runner.settings.claimMillis),
    Effect.catch((error) => Effect.logDebug("an outbox row is left for another try", error))
  )
}

const sweep = (runner: Runner) =>
  Effect.gen(function*() {
    const outbox = yield* OutboxStore
    const rows = yield* outbox.claim(rowsMax, runner.settings.claimMillis)
    outboxSwept.value += rows.length
    yield* Effect.forEach(rows, (row) => hand(runner, row), { concurrency: atOnce, discard: true })
  })

const keepClaims = (runner: Runner) =>
  Effect.gen(function*() {
    const outbox = yield* OutboxStore
    const rows = Array.from(runner.driving, ([id, progress]) => ({ id, progress })).slice(0, 512)
    if (rows.length > 0) yield* outbox.progress(rows, runner.settings.claimMillis)
  })

const measure = Effect.gen(function*() {
  const backlog = yield* (yield* OutboxStore).backlog
  outboxRows.value = backlog.rows
  outboxOldestSeconds.value = backlog.oldestMillis / 1_000
})

const every = <E, R>(millis: number, what: string, effect: Effect.Effect<void, E, R>) =>
  effect.pipe(
    Effect.catchCause((cause) => Effect.logWarning(`${what} failed and is tried again`, cause)),
    Effect.repeat(Schedule.spaced(millis)),
    Effect.forkScoped
  )

export const start = (runner: Runner) =>
  Effect.gen(function*() {
    yield* every(runner.settings.sweepMillis, "the outbox sweep", sweep(runner))
    yield* every(Math.floor(runner.settings.claimMillis / 3), "keeping outbox claims", keepClaims(runner))
    yield* every(5_000, "measuring the outbox", measure)
  })
