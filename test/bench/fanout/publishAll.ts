/** Publishes as fast as the cluster takes posts, and waits until the last timeline has the last of them. */
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import * as Metrics from "../cluster/metrics.ts"
import type { Member } from "../cluster/member.ts"
import * as Histogram from "../harness/Histogram.ts"
import { processCpu, type Watched } from "../harness/processCpu.ts"
import { outboxRows } from "./oracle.ts"

export interface PublishOptions {
  readonly member: Member
  readonly runners: ReadonlyArray<{ readonly url: string }>
  /** Whose CPU time is counted. */
  readonly watched: ReadonlyArray<Watched>
  readonly postgresUrl: string
  readonly authors: ReadonlyArray<{ readonly id: bigint; readonly followers: number }>
  readonly inFlight: number
  readonly seconds: number
  readonly seed: number
}

export interface PublishFigure {
  readonly posts: number
  /** As the graph has it: every follower of every post. */
  readonly expected: number
  readonly deliveries: number
  readonly batches: number
  /** From the first publish to the last acknowledgement, and to the last delivery. */
  readonly publishSeconds: number
  readonly totalSeconds: number
  readonly acknowledged: Histogram.Summary
  /** CPU seconds by process. */
  readonly cpu: Readonly<Record<string, number>>
}

/** Beyond the publishing itself, for what is still under way. */
const drainSecondsMax = 120
const pollMillis = 20
const textOf = (i: number): string => `post ${i} `.padEnd(140, "the quick brown fox jumps over the lazy dog ")

const publish = (options: PublishOptions, seconds: number, run: string) =>
  Effect.gen(function*() {
    const random = Seeded.make(options.seed)
    const latency = Histogram.make()
    const started = performance.now()
    const end = started + seconds * 1000
    let posts = 0
    let expected = 0
    const one = Effect.suspend(() => {
      const author = random.pick(options.authors)
      const sentAt = performance.now()
      const number = posts++
      expected += author.followers
      return Effect.map(
        options.member.publish(author.id, `bench-${run}-${number}`, textOf(number)),
        () => Histogram.record(latency, performance.now() - sentAt)
      )
    })
    const loop = Effect.repeat(one, { while: () => performance.now() < end })
    yield* Effect.forEach(Array.from({ length: options.inFlight }), () => loop, { concurrency: "unbounded", discard: true })
    return { posts, expected, started, publishSeconds: (performance.now() - started) / 1000, latency }
  })

/** `run` names this run's request keys. */
export const publishAll = (options: PublishOptions) => (seconds: number, run: string): Effect.Effect<PublishFigure, unknown> =>
  Effect.gen(function*() {
    const { runners } = options
    const deliveries = Metrics.total(runners, "rookery_deliveries_total")
    const batches = Metrics.total(runners, "rookery_delivery_batches_total")
    const [deliveredBefore, batchesBefore] = yield* Effect.all([deliveries, batches])
    const cpuBefore = yield* processCpu(options.watched)
    const { expected, latency, posts, publishSeconds, started } = yield* publish(options, seconds, run)
    const isDelivered = Effect.map(deliveries, (now) => now - deliveredBefore >= expected)
    yield* Metrics.until(`${expected} deliveries`, drainSecondsMax, pollMillis, isDelivered)
    const totalSeconds = (performance.now() - started) / 1000
    const cpuAfter = yield* processCpu(options.watched)
    yield* Metrics.until("an empty outbox", drainSecondsMax, 100,
      Effect.map(outboxRows(options.postgresUrl), (rows) => rows === 0))
    return {
      posts,
      expected,
      deliveries: (yield* deliveries) - deliveredBefore,
      batches: (yield* batches) - batchesBefore,
      publishSeconds,
      totalSeconds,
      acknowledged: Histogram.summary(latency),
      cpu: Object.fromEntries(Object.entries(cpuAfter).map(([name, now]) => [name, now - (cpuBefore[name] ?? 0)]))
    }
  })
