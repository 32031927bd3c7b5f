/**
 * Carries notices from their outbox rows to the session tables: all that are due in one claim, one message to each
 * shard, one delete. Whoever commits something that may tell people says so by `due`; what is missed, or fails, is the
 * outbox sweeper's.
 */
import * as EventBatch from "@rookery/protocol/EventBatch"
import { noticesHanded } from "@rookery/observe/Metrics"
import { type OutboxRow, OutboxStore } from "@rookery/store/OutboxStore"
import { Effect } from "effect"
import type { Runner } from "./Runner.ts"
import * as SessionTable from "./SessionTable.ts"

/** Rows in one claim, and shards told at once. */
const rowsMax = 512
const shardsAtOnce = 32

/** Claims whose deliveries run side by side. */
const deliveriesMax = 8

/** A pause after a claim that failed, in milliseconds. */
const failedPauseMillis = 500

/** A commit may have left notices. */
export const due = (runner: Runner): void => {
  runner.noticesDue.openUnsafe()
}

interface ForShard {
  readonly events: Array<EventBatch.LiveEvent>
  readonly rows: Array<bigint>
}

const byShard = (rows: ReadonlyArray<OutboxRow>): Map<number, ForShard> => {
  const shards = new Map<number, ForShard>()
  for (const { id, task } of rows) {
    if (task._tag !== "Notify") continue
    const shard = shards.get(task.shard) ?? { events: [], rows: [] }
    shards.set(task.shard, shard)
    shard.rows.push(id)
    for (const notice of task.ids) {
      shard.events.push({ kind: EventBatch.kinds.notification, postId: notice, authorNo: 0, people: [task.accountNo] })
    }
  }
  return shards
}

/** A shard that this runner holds takes notices without a message; any other is sent one. */
const hand = (runner: Runner, shard: number, events: ReadonlyArray<EventBatch.LiveEvent>): Effect.Effect<void, unknown> =>
  Effect.suspend((): Effect.Effect<void, unknown> => {
    const own = runner.shards.get(shard)
    if (own !== undefined && runner.guard.trusted()) return Effect.try(() => SessionTable.notify(own.sessions, events))
    return runner.actors.timelineShard(runner.directory.timelineShardId(shard)).Notify({ events: EventBatch.encode(events) }).pipe(
      Effect.timeout(runner.settings.messageTimeoutMillis)
    )
  })

/** Ends when the shards have taken the notices and the rows are gone; what a shard does not take stays in the outbox. */
export const deliver = (runner: Runner, rows: ReadonlyArray<OutboxRow>): Effect.Effect<void> => {
  const tell = ([shard, { events, rows: ids }]: readonly [number, ForShard]) =>
    hand(runner, shard, events).pipe(
      Effect.tap(() => Effect.sync(() => void (noticesHanded.value += events.length))),
      Effect.andThen(Effect.forEach(ids, runner.done, { concurrency: "unbounded", discard: true })),
      Effect.catch((error) => Effect.logDebug("notices are left to the outbox", error))
    )
  return Effect.forEach(byShard(rows), tell, { concurrency: shardsAtOnce, discard: true })
}

export const start = (runner: Runner) =>
  Effect.gen(function*() {
    const outbox = yield* OutboxStore
    let delivering = 0
    const deliverCounted = (rows: ReadonlyArray<OutboxRow>) => {
      delivering++
      return Effect.ensuring(deliver(runner, rows), Effect.sync(() => void delivering--))
    }
    const claimOnce = Effect.gen(function*() {
      const rows = yield* outbox.claimNotices(rowsMax, runner.settings.claimMillis)
      // Deliveries run side by side with the next claim, so that one slow shard holds up no other.
      if (rows.length > 0 && delivering < deliveriesMax) runner.runFork(deliverCounted(rows))
      else yield* deliverCounted(rows)
      return rows.length === rowsMax
    })
    const round = Effect.gen(function*() {
      yield* runner.noticesDue.await
      yield* runner.noticesDue.close
      yield* Effect.repeat(claimOnce, { while: (mayBeMore) => mayBeMore })
    })
    yield* round.pipe(
      Effect.catchCause((cause) =>
        Effect.andThen(Effect.logWarning("notices could not be claimed", cause), Effect.sleep(failedPauseMillis))),
      Effect.forever,
      Effect.forkScoped
    )
  })
