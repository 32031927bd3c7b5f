/**
 * Finds outbox rows that nobody drives and hands each to the actor that should. Rows are driven where their owner's shard is, so a
 * runner that gets a shard ends the claims of whoever had it, dead or alive; others run out. Also keeps the claims of long
 * fan-outs alive, with how far they got.
 */
import { Bus } from "@rookery/bus/Bus"
import { outboxOldestSeconds, outboxRows, outboxSwept } from "@rookery/observe/Metrics"
import { type OutboxRow, OutboxStore } from "@rookery/store/OutboxStore"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { Effect, Schedule } from "effect"
import { ShardId, Sharding } from "effect/cluster"
import * as Hints from "./Hints.ts"
import * as Notices from "./Notices.ts"
import type { Runner } from "./Runner.ts"

/** Rows that one runner has handed out and not heard of again, at most. */
const handedMax = 512

/** Whose task it is to carry out, of those that their own windows or edges depend on. */
const readerTasks: ReadonlySet<OutboxRow["task"]["_tag"]> = new Set(["Edge", "Relation", "Unlocked"])

const hand = (runner: Runner, bus: Bus["Service"], row: OutboxRow) => {
  if (row.task._tag === "Notify") return Notices.deliver(runner, [row])
  if (row.task._tag === "Account") return tellFronts(runner, bus, row)
  const resumed = readerTasks.has(row.task._tag)
    ? runner.actors.userTimeline(String(row.owner)).ResumeEdge({ outboxId: row.id })
    : runner.actors.author(String(row.owner)).Resume({ outboxId: row.id })
  return resumed.pipe(
    Effect.timeout(runner.settings.claimMillis),
    Effect.catch((error) => Effect.logDebug("an outbox row is left for another try", error))
  )
}

/** Whoever suspended the account told the fronts at once, or died before they could. */
const tellFronts = (runner: Runner, bus: Bus["Service"], { id, owner }: OutboxRow) =>
  Hints.accountsChanged(bus, [owner]).pipe(
    Effect.andThen(runner.done(id)),
    Effect.catch((error) => Effect.logDebug("an outbox row is left for another try", error))
  )

/** One row that is stuck holds up no other: rows are handed out side by side, and only as many claimed as may be. */
const makeSweep = (runner: Runner, bus: Bus["Service"]) => {
  let handed = 0
  let isFull = false
  const handLater = (row: OutboxRow) => {
    handed++
    const release = Effect.sync(() => {
      handed--
      // There were more rows than could be handed out: they do not wait for the next sweep.
      if (isFull && handed <= handedMax / 2) {
        isFull = false
        due(runner)
      }
    })
    runner.runFork(Effect.ensuring(hand(runner, bus, row), release))
  }
  const claimOnce = Effect.gen(function*() {
    const free = handedMax - handed
    if (free === 0) return false
    const rows = yield* (yield* OutboxStore).claim(free, runner.settings.claimMillis)
    outboxSwept.value += rows.length
    for (const row of rows) handLater(row)
    isFull = rows.length === free
    return isFull
  })
  return Effect.asVoid(Effect.repeat(claimOnce, { while: (mayBeMore) => mayBeMore }))
}

/** Shards that this runner has now and did not have when it was asked last. */
const makeGained = ({ directory: { shardCount } }: Runner, sharding: Sharding.Sharding["Service"]) => {
  let had = new Set<number>()
  return (): ReadonlyArray<number> => {
    const has = new Set<number>()
    for (let shard = 1; shard <= shardCount; shard++) {
      if (sharding.hasShardId(ShardId.make(ShardDirectory.group, shard))) has.add(shard)
    }
    const gained = [...has].filter((shard) => !had.has(shard))
    had = has
    return gained
  }
}

/** What of it we drive ourselves by now is claimed once more, and found to be driven. */
const makeInherit = (runner: Runner, sharding: Sharding.Sharding["Service"]) => {
  const gained = makeGained(runner, sharding)
  let pending: ReadonlyArray<number> = []
  return Effect.gen(function*() {
    pending = [...pending, ...gained()]
    if (pending.length === 0) return
    yield* (yield* OutboxStore).endClaims(pending)
    pending = []
  })
}

/** Rows whose claims are renewed in one write, as many as the store takes. */
const renewedMax = 512

const keepClaims = (runner: Runner) =>
  Effect.gen(function*() {
    const outbox = yield* OutboxStore
    const rows = Array.from(runner.driving, ([id, progress]) => ({ id, progress }))
    for (let at = 0; at < rows.length; at += renewedMax) {
      yield* outbox.progress(rows.slice(at, at + renewedMax), runner.settings.claimMillis)
    }
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

/** There are rows that nobody drives from the start: they are looked for at once. */
export const due = (runner: Runner): void => {
  runner.outboxDue.openUnsafe()
}

/** Until there are said to be rows, or the time of a sweep has come. */
const awaitDue = ({ outboxDue, settings }: Runner) =>
  outboxDue.await.pipe(Effect.timeoutOption(settings.sweepMillis), Effect.andThen(outboxDue.close))

export const start = (runner: Runner) =>
  Effect.gen(function*() {
    const sweep = makeSweep(runner, yield* Bus)
    const inherit = makeInherit(runner, yield* Sharding.Sharding)
    yield* every(0, "the outbox sweep", awaitDue(runner).pipe(Effect.andThen(inherit), Effect.andThen(sweep)))
    yield* every(Math.floor(runner.settings.claimMillis / 3), "keeping outbox claims", keepClaims(runner))
    yield* every(5_000, "measuring the outbox", measure)
  })
