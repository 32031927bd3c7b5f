/** Many open WebSockets on one front, few of them busy: memory per socket and per person, and how late posts arrive. */
import * as Graph from "@rookery/testkit/GraphGenerator"
import { Effect } from "effect"
import * as BenchCluster from "./cluster/BenchCluster.ts"
import { loadGraph } from "./cluster/loadGraph.ts"
import * as Member from "./cluster/member.ts"
import { type Bench, type BenchOptions, type Report, whole } from "./harness/Bench.ts"
import * as Histogram from "./harness/Histogram.ts"
import * as Sockets from "./live/sockets.ts"
import * as Probing from "./memory/probing.ts"

const full = { idle: 10_000, active: 2_000, authors: 50, rate: 5 }
/** Bytes that the issue allows on the front and in the runner. */
const goals = { socket: 12_000, person: 4_000 }
const quietSeconds = 5
/** Idle actors go after 30 s, and are looked for every 30: a connection is then the row of the session table alone. */
const actorsGoneMillis = 65_000

const tokenOf = (index: number): string => `bench-token-${index}`.padEnd(43, "x")

interface Result {
  readonly idle: number
  readonly active: number
  readonly bytesPerSocket: number
  readonly bytesPerPerson: number
  readonly posts: number
  readonly frames: number
  readonly lost: number
  readonly seconds: number
  readonly late: Histogram.Summary
}

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const idle = whole(options, "idle", Math.round(full.idle * options.scale))
  const active = whole(options, "active", Math.round(full.active * options.scale))
  const { authors } = full
  // Every author is followed by the active ones, and by nobody else.
  const graph = Graph.nested(Array.from({ length: authors }, () => active), idle + active)
  const cluster = yield* BenchCluster.make(options)
  const loaded = yield* loadGraph(cluster.postgresUrl, graph, { postsPerAccount: () => 0, token: tokenOf, seed: options.seed })
  const [runner] = yield* BenchCluster.startRunners(cluster, 1)
  const front = yield* cluster.startFront()
  const member = yield* Member.join(cluster.postgresUrl)
  // Windows come first, so that what a connection adds to the runner is the session alone.
  const people = Array.from({ length: idle + active }, (_, i) => ({ id: loaded.ids[authors + i]!, no: loaded.nos[authors + i]! }))
  yield* member.makeResident(people, () => {})
  return { active, authors, cluster, front, idle, loaded, member, runner: runner! }
})

const marker = /bench at (\d+)/

/** Posts at a fixed rate, each with its time in its text; ends when the last frame came. */
const publish = Effect.fnUntraced(function*(
  options: BenchOptions,
  { active, authors, loaded, member }: Effect.Success<ReturnType<typeof prepare>>,
  received: () => number
) {
  const rate = whole(options, "rate", full.rate)
  const posts = Math.max(1, Math.round(rate * options.seconds))
  const started = performance.now()
  const one = (i: number) =>
    Effect.suspend(() =>
      member.publish(loaded.ids[i % authors]!, `stream ${i}`, `bench at ${Math.round(performance.now() * 1000)}`))
  const inTime = (i: number) =>
    Effect.andThen(Effect.sleep(Math.max(0, started + (i * 1000) / rate - performance.now())), one(i))
  // The rate is kept whatever one post takes: each begins at its time.
  yield* Effect.forEach(Array.from({ length: posts }, (_, i) => i), inTime, { concurrency: "unbounded", discard: true })
  yield* Sockets.settled(received, posts * active, quietSeconds)
  return { posts, seconds: (performance.now() - started) / 1000 }
})

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const world = yield* prepare(options)
  const { active, authors, cluster, front, idle, runner } = world
  const held = (pid: number) => Effect.map(Probing.memoryOf(cluster.probeFolder, pid), Probing.heldBytes)
  const late = Histogram.make()
  const onFrame = (frame: Buffer) => {
    const at = marker.exec(frame.toString("latin1"))
    if (at !== null) Histogram.record(late, performance.now() - Number(at[1]) / 1000)
  }
  const [frontBefore, runnerBefore] = [yield* held(front.pid), yield* held(runner.pid)]
  yield* BenchCluster.say(`opening ${idle + active} sockets`)
  const tokens = Array.from({ length: idle + active }, (_, i) => tokenOf(authors + i))
  const sockets = yield* Sockets.open(front.url, "user", tokens, onFrame)
  yield* BenchCluster.say("waiting for the actors that took the connections to go")
  yield* Effect.sleep(actorsGoneMillis)
  const [frontAfter, runnerAfter] = [yield* held(front.pid), yield* held(runner.pid)]
  yield* BenchCluster.say("publishing")
  const run = yield* publish(options, world, () => late.count)
  return {
    idle,
    active,
    bytesPerSocket: (frontAfter - frontBefore) / sockets.count,
    bytesPerPerson: (runnerAfter - runnerBefore) / sockets.count,
    ...run,
    frames: late.count,
    lost: sockets.lost(),
    late: Histogram.summary(late)
  } satisfies Result
})

const report = (result: Result): Report => ({
  tables: [{
    title: `One front, ${result.idle} idle and ${result.active} active sockets`,
    columns: ["measured", "value"],
    rows: [
      ["front: bytes a socket", result.bytesPerSocket],
      ["runner: bytes a person", result.bytesPerPerson],
      ["posts", result.posts],
      ["frames", result.frames],
      ["frames missing", result.posts * result.active - result.frames],
      ["frames/s", result.frames / result.seconds],
      ["publish to frame p50 ms", result.late.p50],
      ["publish to frame p99 ms", result.late.p99],
      ["sockets lost", result.lost]
    ]
  }],
  charts: [],
  goals: [
    {
      what: "memory of a socket on the front",
      goal: `≤ ${goals.socket / 1000} kB`,
      measured: `${(result.bytesPerSocket / 1000).toFixed(1)} kB`,
      isMet: result.bytesPerSocket <= goals.socket
    },
    {
      what: "memory of a connected person in Session",
      goal: `≤ ${goals.person / 1000} kB`,
      measured: `${(result.bytesPerPerson / 1000).toFixed(1)} kB`,
      isMet: result.bytesPerPerson <= goals.person
    }
  ],
  data: result
})

export const stream: Bench = {
  name: "stream",
  about: "10,000 idle and 2,000 active sockets on one front: memory, and how late posts arrive",
  options: {
    idle: `sockets that hear nothing (${full.idle} × scale)`,
    active: `sockets that hear every post (${full.active} × scale)`,
    rate: `posts/s, each for all active ones (${full.rate})`
  },
  run: (options) => Effect.map(Effect.scoped(measure(options)), report)
}
