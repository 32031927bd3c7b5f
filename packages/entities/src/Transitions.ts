/**
 * An author's way between push and pull: `both` is written, every shard with followers acknowledges it, and
 * only then the goal is written. Each step repeats safely, so a lost driver is followed by another.
 */
import * as FanoutMode from "@rookery/domain/FanoutMode"
import { transitions } from "@rookery/observe/Metrics"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import type { AuthorStore } from "@rookery/store/AuthorStore";
import { type AuthorRow } from "@rookery/store/AuthorStore"
import { Effect, Schedule } from "effect"
import * as AuthorState from "./AuthorState.ts"
import type { Runner } from "./Runner.ts"

const staleMax = 5
/** Shards told at once. */
const shardsAtOnce = 16
/** A shard that is moving answers within this many tries, or the outbox brings the transition back. */
const tellTries = 6

type Change = Parameters<AuthorStore["Service"]["setMode"]>[2]

/** Writes the mode on a row version that holds. `change` is worked out anew from each reloaded row; undefined means that nothing is to be done. */
const write = (
  state: AuthorState.AuthorState,
  authors: AuthorStore["Service"],
  change: (row: AuthorRow) => Change | undefined
) => {
  const attempt = Effect.gen(function*() {
    const row = yield* AuthorState.row(state)
    const wanted = change(row)
    if (wanted === undefined) return { row, outboxId: undefined }
    const written = yield* authors.setMode(state.account, row.version, wanted)
    state.row = written?.row
    return written
  })
  return attempt.pipe(
    Effect.repeat({ while: (written) => written === undefined, times: staleMax }),
    Effect.flatMap((written) =>
      written === undefined ? Effect.fail(new Error("another owner is writing")) : Effect.succeed(written)
    )
  )
}

/** Tells the mode to every shard that has followers; ends when all acknowledged. */
const tell = (runner: Runner, state: AuthorState.AuthorState, row: AuthorRow) =>
  Effect.gen(function*() {
    const followers = yield* AuthorState.followers(state)
    const modes = [AuthorState.modeRow(row)]
    const tellShard = (shard: number) =>
      runner.actors.timelineShard(runner.directory.timelineShardId(shard)).ApplyModes({ modes }).pipe(
        Effect.timeout(runner.settings.messageTimeoutMillis),
        Effect.retry({ times: tellTries, schedule: Schedule.exponential("50 millis") })
      )
    yield* Effect.forEach(FollowerSet.shardsOf(followers), tellShard, { concurrency: shardsAtOnce, discard: true })
  })

const goalOf = (runner: Runner, row: AuthorRow): "push" | "pull" =>
  FanoutMode.target(row.mode, row.heading, row.override, row.followers, runner.settings.threshold)

/** Carries a transition that stands in `both` to its goal. */
const finish = (runner: Runner, state: AuthorState.AuthorState, authors: AuthorStore["Service"]) =>
  Effect.gen(function*() {
    const both = yield* AuthorState.row(state)
    if (both.mode === "both") {
      yield* tell(runner, state, both)
      yield* write(state, authors, (row) =>
        row.mode === "both" ? { mode: row.heading, heading: row.heading, override: row.override } : undefined)
    }
    const settled = yield* AuthorState.row(state)
    yield* tell(runner, state, settled)
    transitions.at(settled.mode).value++
  })

const move = (runner: Runner, state: AuthorState.AuthorState, authors: AuthorStore["Service"]) =>
  Effect.gen(function*() {
    const row = yield* AuthorState.row(state)
    if (row.mode === goalOf(runner, row)) return
    const started = yield* write(state, authors, (current) =>
      current.mode === "both" || current.mode === goalOf(runner, current)
        ? undefined
        : { mode: "both", heading: goalOf(runner, current), override: current.override })
    yield* finish(runner, state, authors)
    if (started.outboxId !== undefined) yield* runner.done(started.outboxId)
  })

/** Brings the author to the mode that count and override ask for. Ends when it is there. */
export const reconsider = (
  runner: Runner,
  state: AuthorState.AuthorState,
  authors: AuthorStore["Service"]
): Effect.Effect<void, unknown> => state.transition.withPermits(1)(move(runner, state, authors))

/** Takes up a transition from its outbox row. */
export const resume = (
  runner: Runner,
  state: AuthorState.AuthorState,
  authors: AuthorStore["Service"]
): Effect.Effect<void, unknown> => {
  const whole = Effect.gen(function*() {
    state.row = undefined // the row may have been written by hand
    yield* finish(runner, state, authors)
    yield* move(runner, state, authors)
  })
  return state.transition.withPermits(1)(whole)
}

/** Writes the override; the transition that it asks for is `reconsider`'s. */
export const setOverride = (
  state: AuthorState.AuthorState,
  authors: AuthorStore["Service"],
  override: FanoutMode.Override
) => write(state, authors, (row) => ({ mode: row.mode, heading: row.heading, override }))
