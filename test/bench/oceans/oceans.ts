/** Several datacenters: what crosses between them for a post, how late it is read there, and how fast they come together again. */
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, References } from "effect"
import { type Bench, type BenchOptions, type Goal, whole } from "../harness/Bench.ts"
import * as Crossing from "./crossing.ts"
import * as Ground from "./ground.ts"
import * as Repair from "./repair.ts"

const followerCounts = [1, 10, 100, 1_000, 5_000]
const latencies = [80, 200]
const lateMillis = 150
const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

const goalsOf = (crossings: ReadonlyArray<Crossing.Crossing>, visibles: ReadonlyArray<Crossing.Visible>): ReadonlyArray<Goal> => {
  const messages = crossings.map((crossing) => crossing.messages)
  const most = Math.max(...messages)
  return [
    { what: "messages that cross per post, whatever the followers", goal: "≤ 1.2, flat", measured: messages.map((each) => round(each)).join(", "), isMet: most <= 1.2 },
    ...visibles.map(({ latency, p99 }) => ({
      what: `p99 from acknowledgement to visible at ${latency} ms latency, 50 posts/s`,
      goal: `< ${latency + lateMillis} ms`,
      measured: `${round(p99, 0)} ms`,
      isMet: p99 < latency + lateMillis
    }))
  ]
}

const run = (options: BenchOptions) =>
  Effect.gen(function*() {
    const { scale, seconds, seed } = options
    const posts = Math.max(30, Math.round(150 * scale))
    const behind = whole(options, "backlog", Math.round(20_000 * scale))
    const copiesMax = Math.round(1_000 * Math.min(1, scale * 2))
    const ground = yield* Ground.make(seed, copiesMax)
    ground.seas.waters.setLatency(latencies[0]!)
    const visibles = yield* Effect.forEach(latencies, (latency) => Crossing.visible(ground, latency, seconds))
    ground.seas.waters.setLatency(latencies[0]!)
    const crossings = yield* Effect.forEach(followerCounts, (followers, i) => Crossing.crossing(ground, i + 2, followers, posts))
    const repairs = [yield* Repair.backlog(ground, behind), yield* Repair.lost(ground, behind)]
    const copies = yield* Repair.copies(ground, copiesMax * 5, copiesMax, Math.round(600 * scale) + 100, Seeded.make(seed))
    return {
      tables: [
        {
          title: "What crosses for a post, by its followers in the other datacenter",
          columns: ["followers there", "messages", "bytes", "messages of a relay per follower", "its bytes"],
          rows: crossings.map((each) => [each.followers, round(each.messages), round(each.bytes, 0), each.relayMessages, each.relayBytes])
        },
        {
          title: "From acknowledgement to visible in the other datacenter, 50 posts/s, ms",
          columns: ["latency", "p50", "p99", "posts"],
          rows: visibles.map((each) => [each.latency, round(each.p50, 0), round(each.p99, 0), each.posts])
        },
        {
          title: `Coming together again, at ${latencies[0]} ms latency`,
          columns: ["what", "posts", "seconds", "posts/s"],
          rows: repairs.map((each) => [each.what, each.posts, round(each.seconds), Math.round(each.posts / each.seconds)])
        },
        {
          title: "Remote copies under reads by Zipf's law",
          columns: ["posts", "copies kept", "reads", "found among the copies", "the best there could be"],
          rows: [[copies.posts, copies.copies, copies.reads, round(copies.hitRate, 3), round(copies.bestRate, 3)]]
        }
      ],
      charts: [{
        name: "messages",
        title: "Messages that cross per post",
        x: { label: "followers in the other datacenter", isLog: true },
        y: { label: "messages", isLog: true },
        series: [
          { label: "gossip", points: crossings.map((each) => [each.followers, each.messages] as const) },
          { label: "relay per follower", points: crossings.map((each) => [each.followers, each.relayMessages] as const) }
        ]
      }],
      goals: goalsOf(crossings, visibles),
      data: { crossings, visibles, repairs, copies }
    }
  }).pipe(Effect.provideService(References.MinimumLogLevel, "Error"))

export const oceans: Bench = {
  name: "oceans",
  about: "messages between datacenters per post, how late posts are read there, repair, and copies of contents",
  options: { backlog: "posts of the backlog that is caught up with; 20,000 times the scale" },
  run
}
