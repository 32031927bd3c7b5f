/**
 * Watches a server that this process needs. An outage is one line in the log when it begins, one at ten seconds, twenty,
 * forty and so on while it lasts, and one when it ends; what fails meanwhile for that reason alone is counted, not written.
 */
import * as Logs from "@rookery/observe/Logs"
import { dependencyUp } from "@rookery/observe/Metrics"
import * as Outages from "@rookery/observe/Outages"
import { inTime } from "@rookery/observe/inTime"
import { reasonOf } from "@rookery/observe/reasonOf"
import { Cause, Clock, Effect, Layer } from "effect"
import { addressOf } from "./awaitDependency.ts"

export interface Watched<R> {
  readonly name: Outages.Dependency
  /** As `/ready` names it. */
  readonly part: "postgres" | "snapshots" | "bus"
  /** May hold a password: only host and port are ever shown. */
  readonly url: string
  readonly probe: Effect.Effect<unknown, unknown, R>
  /** What people notice until it is back. */
  readonly meanwhile: string
}

const lookMillis = 1_000
const probeMillis = 2_000
/** A probe that took so much longer than it may says that this process stood still, and nothing of the server. */
const standstillMillis = 1_000
const firstReminderMillis = 10_000

const seconds = (millis: number): number => Math.round(millis / 1_000)

const todo = "bring it back; this process connects to it again by itself"

/** One look; says what has changed, and now and then what has not. */
const makeLook = <R>({ meanwhile, name, part, probe, url }: Watched<R>) => {
  const state = Outages.stateOf(name)
  let goneAt = 0
  let reminderMillis = firstReminderMillis
  const say = (level: "Error" | "Info", text: string, more: Readonly<Record<string, unknown>>) =>
    Effect.annotateLogs(Effect.logWithLevel(level)(text), { dependency: name, address: addressOf(url), ...more })

  const gone = (now: number, reason: string) => {
    dependencyUp.at(part).value = 0
    if (state.goneSince === undefined) {
      state.goneSince = performance.now()
      goneAt = now
      reminderMillis = firstReminderMillis
      return say("Error", Logs.names.dependencyLost, { reason, meanwhile, todo })
    }
    if (now - goneAt < reminderMillis) return Effect.void
    reminderMillis *= 2
    return say("Error", Logs.names.dependencyAway, { seconds: seconds(now - goneAt), heldBack: state.heldBack, reason, meanwhile, todo })
  }
  const there = (now: number) => {
    const { goneSince, heldBack } = state
    dependencyUp.at(part).value = 1
    state.goneSince = undefined
    state.heldBack = 0
    if (goneSince !== undefined) return say("Info", Logs.names.dependencyBack, { seconds: seconds(now - goneAt), heldBack })
    return heldBack > 0 ? say("Info", Logs.names.dependencyStumbled, { heldBack }) : Effect.void
  }
  return Effect.gen(function*() {
    const began = performance.now()
    const exit = yield* Effect.exit(inTime(probe, probeMillis))
    const now = yield* Clock.currentTimeMillis
    // Under load a probe may wait its turn for too long while others are answered.
    const answers = exit._tag === "Success" || state.answeredAt > began
    if (answers) yield* there(now)
    else if (performance.now() - began < probeMillis + standstillMillis) yield* gone(now, reasonOf(Cause.squash(exit.cause)))
    state.doubted = false
  })
}

/** Looks as long as the layer lives. */
export const layer = <R>(watched: Watched<R>): Layer.Layer<never, never, R> => {
  const state = Outages.stateOf(watched.name)
  const due = state.due.await.pipe(Effect.timeoutOption(lookMillis), Effect.andThen(state.due.close))
  return Layer.effectDiscard(Effect.gen(function*() {
    yield* Effect.acquireRelease(
      Effect.sync(() => void (state.isWatched = true)),
      () => Effect.sync(() => {
        state.isWatched = false
        state.goneSince = undefined
      })
    )
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(due, makeLook(watched))))
  }))
}
