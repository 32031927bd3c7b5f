/** Likes over HTTP, to the notification's frame on the socket of whom they are for: events per second, and how late. */
import { SqlClient } from "effect/sql"
import * as Client from "@rookery/store/postgres/client"
import type { FollowGraph } from "@rookery/testkit/GraphGenerator"
import { Effect, Redacted } from "effect"
import * as BenchCluster from "./cluster/BenchCluster.ts"
import { loadGraph } from "./cluster/loadGraph.ts"
import * as Metrics from "./cluster/metrics.ts"
import { type Bench, type BenchOptions, type Report, whole } from "./harness/Bench.ts"
import * as Histogram from "./harness/Histogram.ts"
import * as Sockets from "./live/sockets.ts"
import * as HttpConnection from "./load/HttpConnection.ts"

const full = { recipients: 1_000, likers: 200, history: 10, inFlight: 64 }
const quietSeconds = 5

const tokenOf = (index: number): string => `bench-token-${index}`.padEnd(43, "x")

/** Nobody follows anybody. */
const strangers = (accounts: number): FollowGraph => ({
  accounts,
  starts: new Uint32Array(accounts + 1),
  followees: new Uint32Array(0)
})

interface Result {
  readonly recipients: number
  readonly likes: number
  readonly failed: number
  readonly frames: number
  readonly handed: number
  readonly seconds: number
  readonly liked: Histogram.Summary
  readonly late: Histogram.Summary
}

const postIds = (postgresUrl: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ id: bigint }>`SELECT id FROM posts ORDER BY id`
    return rows.map((row) => String(row.id))
  }).pipe(Effect.provide(Client.operatorLayer({ url: Redacted.make(postgresUrl), applicationName: "bench" })))

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const recipients = whole(options, "recipients", Math.max(10, Math.round(full.recipients * options.scale)))
  const { history, likers } = full
  const cluster = yield* BenchCluster.make(options)
  const loaded = yield* loadGraph(cluster.postgresUrl, strangers(recipients + likers), {
    postsPerAccount: (i) => (i < recipients ? history : 0),
    token: tokenOf,
    seed: options.seed
  })
  const posts = yield* postIds(cluster.postgresUrl)
  const runners = yield* BenchCluster.startRunners(cluster, 1)
  const front = yield* cluster.startFront()
  return { front, likers: Array.from({ length: likers }, (_, i) => recipients + i), loaded, posts, recipients, runners }
})

type World = Effect.Success<ReturnType<typeof prepare>>

/** When each like was sent, by who likes what. */
type Sent = Map<string, number>

/** Inside of a frame the notification is a string, with its quotes escaped. */
const account = /\\"account\\":\{\\"id\\":\\"(\d+)\\"/
const status = /\\"status\\":\{\\"id\\":\\"(\d+)\\"/

const onFrame = (sent: Sent, late: Histogram.Histogram) => (frame: Buffer): void => {
  const text = frame.toString("latin1")
  const key = `${account.exec(text)?.[1]} ${status.exec(text)?.[1]}`
  const at = sent.get(key)
  if (at === undefined) return
  sent.delete(key)
  Histogram.record(late, performance.now() - at)
}

/** Every connection likes one post after another, no pair twice, for so many seconds. */
const likeAll = (options: BenchOptions, { front, likers, loaded, posts }: World, sent: Sent) =>
  Effect.callback<{ readonly likes: number; readonly failed: number; readonly liked: Histogram.Summary }>((resume) => {
    const inFlight = whole(options, "in-flight", full.inFlight)
    const { host, port } = new URL(front.url)
    const end = performance.now() + options.seconds * 1000
    const liked = Histogram.make()
    let [next, running, failed] = [0, inFlight, 0]
    const connections = Array.from({ length: inFlight }, () => HttpConnection.open(Number(port)))
    const finish = () => {
      connections.forEach((connection) => connection.close())
      resume(Effect.succeed({ likes: liked.count, failed, liked: Histogram.summary(liked) }))
    }
    const run = (connection: HttpConnection.HttpConnection): void => {
      const i = next++
      if (performance.now() > end || i >= likers.length * posts.length) {
        if (--running === 0) finish()
        return
      }
      const liker = likers[Math.floor(i / posts.length)]!
      const post = posts[(i * 7_919) % posts.length]!
      const key = `${loaded.ids[liker]} ${post}`
      const at = performance.now()
      sent.set(key, at)
      connection.send(HttpConnection.request("POST", `/api/v1/statuses/${post}/favourite`, host, tokenOf(liker)), (answer) => {
        if (answer?.status === 200) Histogram.record(liked, performance.now() - at)
        else {
          failed++
          sent.delete(key)
        }
        run(connection)
      })
    }
    connections.forEach(run)
  })

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const world = yield* prepare(options)
  const [sent, late] = [new Map<string, number>(), Histogram.make()]
  const tokens = Array.from({ length: world.recipients }, (_, i) => tokenOf(i))
  yield* Sockets.open(world.front.url, "user:notification", tokens, onFrame(sent, late))
  yield* BenchCluster.say(`${world.recipients} sockets are open`)
  const started = performance.now()
  const done = yield* likeAll(options, world, sent)
  yield* Sockets.settled(() => late.count, done.likes, quietSeconds)
  const seconds = (performance.now() - started) / 1000
  const handed = yield* Metrics.total(world.runners, "rookery_notices_total")
  return { recipients: world.recipients, ...done, frames: late.count, handed, seconds, late: Histogram.summary(late) } satisfies Result
})

const report = (result: Result): Report => ({
  tables: [{
    title: `One runner, one front, ${result.recipients} people with a socket each`,
    columns: ["measured", "value"],
    rows: [
      ["likes acknowledged", result.likes],
      ["likes refused", result.failed],
      ["notifications handed to shards", result.handed],
      ["frames", result.frames],
      ["events/s through to sockets", result.frames / result.seconds],
      ["like acknowledged p99 ms", result.liked.p99],
      ["like sent to frame p50 ms", result.late.p50],
      ["like sent to frame p99 ms", result.late.p99]
    ]
  }],
  charts: [],
  goals: [{
    what: "every acknowledged like reaches its socket",
    goal: `${result.likes}`,
    measured: `${result.frames}`,
    isMet: result.frames === result.likes
  }],
  data: result
})

export const notify: Bench = {
  name: "notify",
  about: "likes/s through to the sockets of those whom they are for, and how late",
  options: {
    recipients: `people with a socket (${full.recipients} × scale)`,
    "in-flight": `likes under way at once (${full.inFlight})`
  },
  run: (options) => Effect.map(Effect.scoped(measure(options)), report)
}
