/** Deliveries per second, from posts published through Author to the last timeline that has them. */
import * as Graph from "@rookery/testkit/GraphGenerator"
import { Effect } from "effect"
import { measureRedis, redisTable } from "../baselines/redis.ts"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { loadGraph } from "../cluster/loadGraph.ts"
import * as Member from "../cluster/member.ts"
import { type Bench, type BenchOptions, whole } from "../harness/Bench.ts"
import { profiled } from "../memory/probing.ts"
import { checkSample } from "./oracle.ts"
import { publishAll, type PublishFigure } from "./publishAll.ts"
import { fanoutReport } from "./report.ts"

const full = { readers: 100_000, authors: 4_000, mean: 403, postsPerAuthor: 50, inFlight: 512, runners: 2, warm: 20 }
const sampleSize = 200

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const readers = whole(options, "readers", Math.round(full.readers * options.scale))
  const authors = Math.max(10, Math.round((full.authors * readers) / full.readers))
  const graph = Graph.audience({ authors, readers, mean: full.mean, seed: options.seed })
  const cluster = yield* BenchCluster.make(options)
  const postsPerAuthor = whole(options, "history", full.postsPerAuthor)
  yield* BenchCluster.say(`${authors} authors, ${readers} readers, ${graph.followees.length} follows, ${postsPerAuthor} posts each`)
  const loaded = yield* loadGraph(cluster.postgresUrl, graph, {
    postsPerAccount: (i) => (i < authors ? postsPerAuthor : 0),
    seed: options.seed
  })
  const runners = yield* BenchCluster.startRunners(cluster, whole(options, "runners", full.runners))
  const member = yield* Member.join(cluster.postgresUrl)
  const people = Array.from({ length: readers }, (_, i) => ({ id: loaded.ids[authors + i]!, no: loaded.nos[authors + i]! }))
  let read = 0
  const started = performance.now()
  yield* member.makeResident(people, (count) => {
    read += count
    if (Math.floor(read / 10_000) > Math.floor((read - count) / 10_000)) {
      console.error(`· ${read} timelines resident after ${Math.round((performance.now() - started) / 1000)} s`)
    }
  })
  return { authors, cluster, graph, loaded, member, people, readers, runners }
})

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const { authors, cluster, graph, loaded, member, people, readers, runners } = yield* prepare(options)
  const counts = Graph.followerCounts(graph).subarray(0, authors)
  const publishing = publishAll({
    member,
    runners,
    watched: BenchCluster.watched(cluster, runners),
    postgresUrl: cluster.postgresUrl,
    authors: Array.from({ length: authors }, (_, i) => ({ id: loaded.ids[i]!, followers: counts[i]! })),
    inFlight: whole(options, "in-flight", full.inFlight),
    seconds: options.seconds,
    seed: options.seed
  })
  yield* publishing(whole(options, "warm", Math.min(full.warm, 2 * options.seconds)), "warm")
  const figure: PublishFigure = yield* options.isProfiled
    ? profiled(runners.map(({ pid }) => pid), cluster.probeFolder, "fanout", options.out, publishing(options.seconds, "run"))
    : publishing(options.seconds, "run")
  yield* BenchCluster.say(`comparing ${sampleSize} timelines with the join`)
  const checked = yield* checkSample(cluster.postgresUrl, member, people, sampleSize, options.seed)
  return { authors, checked, figure, follows: graph.followees.length, readers, runners: runners.length }
})

export const fanout: Bench = {
  name: "fanout",
  about: "deliveries/s into resident timelines, beside Redis",
  options: {
    readers: `resident timelines (${full.readers} × scale)`,
    history: `posts of each author that fill the timelines before (${full.postsPerAuthor})`,
    runners: `runner processes (${full.runners})`,
    warm: `seconds of warming up, until V8 has compiled what is hot (${full.warm}, or twice --seconds if that is less)`,
    "in-flight": `posts that the client waits for at once (${full.inFlight})`,
    "redis-timelines": "timelines in Redis (20000)"
  },
  run: (options) =>
    Effect.gen(function*() {
      // The cluster ends before Redis is measured: each has the machine to itself.
      const rookery = yield* Effect.scoped(measure(options))
      yield* BenchCluster.say("measuring Redis by itself")
      const redis = yield* measureRedis(options)
      return fanoutReport(rookery, redis, redisTable(redis))
    })
}
