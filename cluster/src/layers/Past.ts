/**
 * Packs posts that are older than a setting, in steps with pauses between them. Every runner tries; whoever comes while another is
 * at it goes away, so one works, and the next goes on where one that died left off.
 */
import type { Configuration } from "@rookery/config/Load"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Metrics from "@rookery/observe/Metrics"
import { step } from "@rookery/store/postgres/past/past"
import { status } from "@rookery/store/postgres/past/status"
import { Clock, Effect, Layer, Schedule } from "effect"

const DAY_MS = 86_400_000

/** Between two looks whether another month has become old, or somebody's words must be forgotten. */
const INTERVAL = "2 minutes"

/** Between steps, which take a part of a second: the past must never be what a server is busy with. */
const PAUSE = "200 millis"

/** When writers did not let go of a month in time, they are left alone for longer. */
const HELD_UP_PAUSE = "10 seconds"

/** One run at most; the next goes on. */
const STEPS_MAX = 100_000

/** Ids below are old; below 0 are none. */
export const oldBelow = (pastDays: number): Effect.Effect<bigint> =>
  Effect.map(Clock.currentTimeMillis, (now) => pastDays === 0 ? -1n : Snowflake.floorAt(now - pastDays * DAY_MS))

const sum = <A>(items: ReadonlyArray<A>, of: (item: A) => number): number => items.reduce((total, item) => total + of(item), 0)

const measure = (pastDays: number) =>
  Effect.gen(function*() {
    const { parts, waiting } = yield* status(yield* oldBelow(pastDays))
    const live = parts.filter((part) => part.live)
    Metrics.pastBytesBefore.value = sum(live, (part) => part.bytesBefore)
    Metrics.pastBytesAfter.value = sum(live, (part) => part.bytesAfter)
    Metrics.pastPosts.value = sum(live, (part) => part.posts)
    Metrics.pastBehind.value = waiting.length + parts.length - live.length
  })

const run = (pastDays: number) =>
  Effect.gen(function*() {
    for (let i = 0; i < STEPS_MAX; i++) {
      const { did } = yield* step(yield* oldBelow(pastDays))
      if (did === "idle" || did === "busy") return
      Metrics.pastSteps.at(did).value++
      yield* Effect.sleep(did === "held up" ? HELD_UP_PAUSE : PAUSE)
    }
  })

/** With 0 days nothing new is packed; what is packed already is still looked after. */
export const layer = ({ pastDays }: Configuration) =>
  Layer.effectDiscard(
    Effect.andThen(run(pastDays), measure(pastDays)).pipe(
      Effect.catchCause((cause) => {
        Metrics.pastFailures.value++
        return Effect.logWarning("Packing old posts failed and will be tried again", cause)
      }),
      // Runners that start together take turns.
      Effect.repeat(Schedule.jittered(Schedule.spaced(INTERVAL))),
      Effect.forkScoped
    )
  )
