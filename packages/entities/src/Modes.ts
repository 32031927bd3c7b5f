/** Brings this runner's table of pulled authors in line with the authors' modes. */
import type { ModeRow } from "@rookery/store/AuthorStore"
import { AuthorStore } from "@rookery/store/AuthorStore"
import { Effect, Schedule } from "effect"
import * as PulledAuthors from "./PulledAuthors.ts"
import type { Runner } from "./Runner.ts"
import * as ShardWindows from "./ShardWindows.ts"

/** An author that the database no longer lists as pulled is settled here after this long, should no message have said so. */
const absentMax = 60_000

/**
 * Stops pulling an author: its ring, read once more, goes into every window that follows it, in one step with
 * its leaving the table. The author has been pushing since it was in `both`.
 */
const settle = (runner: Runner, authorNo: number, epoch: number): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const pulled = runner.pulled.byNo.get(authorNo)
    if (pulled === undefined) return PulledAuthors.leave(runner.pulled, authorNo, epoch)
    yield* PulledAuthors.refresh(runner.pulled, pulled)
    if ((runner.pulled.epochs.get(authorNo) ?? 0) > epoch || pulled.ring === undefined) return
    for (const shard of runner.shards.values()) ShardWindows.absorbRing(shard, authorNo, pulled.ring)
    PulledAuthors.leave(runner.pulled, authorNo, epoch)
  })

/** Ends when readers of this runner are served by these modes; older epochs than known change nothing. */
export const apply = (runner: Runner, rows: ReadonlyArray<ModeRow>): Effect.Effect<void, unknown> =>
  Effect.forEach(
    rows,
    (row) => {
      if (row.epoch < (runner.pulled.epochs.get(row.authorNo) ?? 0)) return Effect.void
      if (row.mode === "push") return settle(runner, row.authorNo, row.epoch)
      return Effect.sync(() => PulledAuthors.enter(runner.pulled, row))
    },
    { discard: true }
  )

const settleAbsent = (runner: Runner, listed: ReadonlySet<number>): Effect.Effect<void, unknown> => {
  const now = runner.now()
  const gone: Array<PulledAuthors.PulledAuthor> = []
  for (const pulled of runner.pulled.byNo.values()) {
    if (listed.has(pulled.authorNo)) continue
    if (pulled.absentSince === 0) pulled.absentSince = now
    else if (now - pulled.absentSince > absentMax) gone.push(pulled)
  }
  return Effect.forEach(
    gone,
    (pulled) => settle(runner, pulled.authorNo, runner.pulled.epochs.get(pulled.authorNo) ?? 0),
    { discard: true }
  )
}

const readAgain = (runner: Runner) =>
  Effect.gen(function*() {
    const rows = yield* (yield* AuthorStore).unpushed
    yield* apply(runner, rows)
    yield* settleAbsent(runner, new Set(rows.map((row) => row.authorNo)))
  })

/** Reads the modes before anything is served, and again every `modesIntervalMillis`. */
export const keepFresh = (runner: Runner) =>
  Effect.gen(function*() {
    yield* readAgain(runner)
    yield* readAgain(runner).pipe(
      Effect.catchCause((cause) => Effect.logWarning("the authors' modes could not be read", cause)),
      Effect.repeat(Schedule.spaced(runner.settings.modesIntervalMillis)),
      Effect.forkScoped
    )
  })
