/** Posts at fixed rates, each with the time in its text at which it was meant to be published, and when they come in. */
import { Effect } from "effect"
import { say } from "../cluster/BenchCluster.ts"
import type { BenchOptions } from "../harness/Bench.ts"
import * as Histogram from "../harness/Histogram.ts"
import { coresOf, processCpu, type Watched } from "../harness/processCpu.ts"
import { settled } from "../live/sockets.ts"
import { followsShare } from "../load/paced.ts"

export interface PostStep {
  readonly rate: number
  readonly posts: number
  readonly frames: number
  readonly expected: number
  /** Here before the next post after the last would have been due, and two seconds. */
  readonly inTime: number
  readonly seconds: number
  /** From the intended publication; milliseconds. */
  readonly late: Histogram.Summary
  readonly cpu: Readonly<Record<string, number>>
}

/** In place of a post's text; whole microseconds. */
export const textAt = (millis: number): string => `bench at ${Math.round(millis * 1000)}`
const marker = /bench at (\d+)/
const markers = /bench at \d+/g

/** A post that came, with another time in it. */
export const retimed = (sample: string, text: string): string => sample.replaceAll(markers, text)

/** Hears all frames of this process's sockets. */
export const makeClock = () => {
  let [late, frames, inTime, deadline, sample] = [Histogram.make(), 0, 0, 0, ""]
  return {
    onText: (payload: Buffer): void => {
      const at = marker.exec(payload.toString("latin1"))
      if (at === null) return
      if (sample === "") sample = payload.toString("utf8")
      const now = performance.now()
      frames++
      if (now < deadline) inTime++
      Histogram.record(late, now - Number(at[1]) / 1000)
    },
    begin: (until: number): void => {
      ;[late, frames, inTime, deadline] = [Histogram.make(), 0, 0, until]
    },
    frames: () => frames,
    inTime: () => inTime,
    late: () => Histogram.summary(late),
    sample: () => sample
  }
}
export type Clock = ReturnType<typeof makeClock>

export interface Publishing {
  readonly watched: ReadonlyArray<Watched>
  readonly clock: Clock
  /** Sockets that hear each post. */
  readonly active: number
  readonly publish: (text: string) => Effect.Effect<unknown, unknown>
}

const quietSeconds = 5
/** What a post may take before its step counts as not followed, in milliseconds. */
const toleranceMillis = 2_000
const warmPosts = 5

/** Each post begins at its time, whatever the one before it takes. */
const postStep = Effect.fnUntraced(function*({ active, clock, publish, watched }: Publishing, rate: number, posts: number) {
  const started = performance.now()
  clock.begin(started + (posts * 1000) / rate + toleranceMillis)
  const before = yield* processCpu(watched)
  const inTime = (i: number) => {
    const due = started + (i * 1000) / rate
    return Effect.andThen(
      Effect.suspend(() => Effect.sleep(Math.max(0, due - performance.now()))),
      publish(textAt(due))
    )
  }
  yield* Effect.forEach(Array.from({ length: posts }, (_, i) => i), inTime, { concurrency: "unbounded", discard: true })
  yield* settled(clock.frames, () => posts * active, quietSeconds)
  const seconds = (performance.now() - started) / 1000
  const step: PostStep = {
    rate,
    posts,
    seconds,
    frames: clock.frames(),
    expected: posts * active,
    inTime: clock.inTime(),
    late: clock.late(),
    cpu: coresOf(before, yield* processCpu(watched), seconds)
  }
  yield* say(`${rate} posts/s to ${active}: p50 ${step.late.p50.toFixed(1)} ms, p99 ${step.late.p99.toFixed(1)} ms, ` +
    `${step.expected - step.frames} frames missing`)
  return step
})

export const follows = (step: PostStep): boolean => step.inTime >= step.expected * followsShare

/** Ends with the first rate that is not followed. */
export const postSteps = Effect.fnUntraced(function*(publishing: Publishing, rates: ReadonlyArray<number>, options: BenchOptions) {
  yield* postStep(publishing, warmPosts, warmPosts)
  const done: Array<PostStep> = []
  for (const rate of rates) {
    const step = yield* postStep(publishing, rate, Math.max(5, Math.round(rate * options.seconds)))
    done.push(step)
    if (!follows(step)) break
  }
  return done
})
