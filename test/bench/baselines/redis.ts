/** Deliveries per second of Redis by itself: the figure that fan-out has to reach. */
import { windowEntriesMax } from "@rookery/domain/Limits"
import { higgsFollowerCounts } from "@rookery/testkit/GraphShape"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { type Bench, type BenchOptions, whole } from "../harness/Bench.ts"
import { fillTimelines, idAt, timelineOf } from "./fillTimelines.ts"
import * as OwnRedis from "./ownRedis.ts"
import * as Resp from "./RespClient.ts"
import { listScript, type Way, zaddPipelined, zaddScript } from "./timelinesInRedis.ts"

/** What one way reached. */
export interface RedisFigure {
  readonly name: string
  readonly deliveriesPerSecond: number
  readonly posts: number
}

/** Timelines at their cap; fewer than the fan-out bench has, for 100,000 sorted sets of 800 would take 10 GB. Fewer fit the caches better, which favours Redis. */
const timelinesAtFull = 20_000
const postsInFlight = 8

/** Posts of authors with 403 followers on average, for `seconds`. */
const deliver = async (client: Resp.RespClient, way: Way, timelines: number, seconds: number, seed: number) => {
  const random = Seeded.make(seed)
  const counts = higgsFollowerCounts(403).map((count) => Math.min(count, timelines >> 1))
  const until = performance.now() + seconds * 1000
  const started = performance.now()
  let deliveries = 0
  let posts = 0
  const post = async (): Promise<void> => {
    while (performance.now() < until) {
      const count = random.pick(counts)
      const from = random.int(timelines)
      // A stride that is prime to the count spreads the readers without a set of those taken.
      const readers = Array.from({ length: count }, (_, i) => timelineOf((from + i * 7919) % timelines))
      const { bytes, replies } = way.deliver(idAt(Date.now(), posts++ & 0xfff), readers)
      await client.send(bytes, replies)
      deliveries += count
    }
  }
  await Promise.all(Array.from({ length: postsInFlight }, post))
  return { name: way.name, deliveriesPerSecond: deliveries / ((performance.now() - started) / 1000), posts }
}

const measureWay = Effect.fnUntraced(function*(port: number, way: Way, timelines: number, options: BenchOptions) {
  const client = yield* OwnRedis.connect(port)
  return yield* Effect.promise(async () => {
    await client.ask(Resp.command("FLUSHALL"))
    await fillTimelines(client, way, timelines)
    return deliver(client, way, timelines, options.seconds, options.seed)
  })
})

/** All ways, one after the other, on a Redis of their own. */
export const measureRedis = (options: BenchOptions) =>
  Effect.scoped(Effect.gen(function*() {
    const server = yield* OwnRedis.start()
    const timelines = Math.max(1000, whole(options, "redis-timelines", Math.round(timelinesAtFull * options.scale)))
    return yield* Effect.forEach(
      [zaddPipelined, zaddScript, listScript],
      (way) => Effect.scoped(measureWay(server.port, way(windowEntriesMax), timelines, options))
    )
  }))

export const redisTable = (figures: ReadonlyArray<RedisFigure>) => ({
  title: "Redis by itself: timelines of 800, posts to 403 followers on average",
  columns: ["way", "deliveries/s", "posts"],
  rows: figures.map((figure) => [figure.name, figure.deliveriesPerSecond, figure.posts])
})

export const redis: Bench = {
  name: "redis",
  about: "the baselines of fanout by themselves",
  options: { "redis-timelines": `timelines in Redis (${timelinesAtFull})` },
  run: (options) =>
    Effect.map(measureRedis(options), (figures) => ({
      tables: [redisTable(figures)],
      charts: [{
        name: "deliveries",
        title: "Deliveries per second in Redis",
        kind: "bars" as const,
        x: { label: "way" },
        y: { label: "deliveries/s" },
        series: figures.map((figure) => ({ label: figure.name, points: [[0, figure.deliveriesPerSecond] as const] }))
      }],
      goals: [],
      data: figures
    }))
}
