/** Likes over HTTP, to the notification's frame on the socket of whom they are for: events per second, and how late. */
import type { FollowGraph } from "@rookery/testkit/GraphGenerator"
import * as Client from "@rookery/store/postgres/client"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { loadGraph } from "../cluster/loadGraph.ts"
import { type Bench, type BenchOptions, rates, whole } from "../harness/Bench.ts"
import * as Sockets from "../live/sockets.ts"
import * as HttpConnection from "../load/HttpConnection.ts"
import { tokenOf } from "../load/tokens.ts"
import { profiled } from "../memory/probing.ts"
import { bareSide } from "./bare.ts"
import { makeLedger, pairs } from "./likes.ts"
import { notifyReport } from "./report.ts"
import { hearing, type Side, type Step, steps } from "./steps.ts"

const full = { recipients: 1_000, likers: 2_000, history: 10, connections: 256, runners: 1 }
const likeRates = [250, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 8_000]

export interface NotifyResult {
  readonly recipients: number
  readonly likers: number
  readonly rookery: ReadonlyArray<Step>
  readonly redis: ReadonlyArray<Step>
  readonly strange: number
}

/** Nobody follows anybody. */
export const strangers = (accounts: number): FollowGraph => ({
  accounts,
  starts: new Uint32Array(accounts + 1),
  followees: new Uint32Array(0)
})

const postIds = (postgresUrl: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{ id: bigint; author: bigint }>`SELECT id, author FROM posts ORDER BY id`
    return rows.map((row) => ({ id: String(row.id), author: String(row.author) }))
  }).pipe(Effect.provide(Client.operatorLayer({ url: Redacted.make(postgresUrl), applicationName: "bench" })))

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const recipients = whole(options, "recipients", Math.max(10, Math.round(full.recipients * options.scale)))
  const likers = whole(options, "likers", full.likers)
  const cluster = yield* BenchCluster.make(options)
  const loaded = yield* loadGraph(cluster.postgresUrl, strangers(recipients + likers), {
    postsPerAccount: (i) => (i < recipients ? full.history : 0),
    token: tokenOf,
    seed: options.seed
  })
  const posts = yield* postIds(cluster.postgresUrl)
  const ids = Array.from(loaded.ids, String)
  return { cluster, likers: ids.slice(recipients), posts, recipients: ids.slice(0, recipients) }
})
export type World = Effect.Success<ReturnType<typeof prepare>>

const rookerySide = (options: BenchOptions, world: World, front: { readonly url: string }, watched: Side["watched"]): Side => {
  const { host, port } = new URL(front.url)
  const slots = whole(options, "connections", full.connections)
  const connections = Array.from({ length: slots }, () => HttpConnection.open(Number(port)))
  const tokens = new Map(world.likers.map((id, i) => [id, tokenOf(world.recipients.length + i)]))
  return {
    watched,
    slots,
    ledger: makeLedger(),
    next: pairs(world.likers, world.posts.map((post) => post.id)),
    like: (slot, { liker, post }, onEnd) =>
      connections[slot]!.send(
        HttpConnection.request("POST", `/api/v1/statuses/${post}/favourite`, host, tokens.get(liker)!),
        (answer) => onEnd(answer?.status === 200)
      )
  }
}

/** The steps, and one of the frames that came. */
const measureRookery = Effect.fnUntraced(function*(options: BenchOptions, world: World) {
  const { cluster } = world
  const runners = yield* BenchCluster.startRunners(cluster, whole(options, "runners", full.runners))
  const front = yield* cluster.startFront()
  const members = [...runners, front]
  const side = rookerySide(options, world, front, BenchCluster.watched(cluster, members))
  const heard = hearing()
  let sample = ""
  const onText = (frame: Buffer) => {
    if (sample === "") sample = frame.toString("utf8")
    side.ledger.take(frame, heard.seen, heard.from, heard.to)
  }
  const tokens = world.recipients.map((_, i) => tokenOf(i))
  yield* Sockets.open({ ...Sockets.streamOf(front.url, "user:notification"), tokens, onText })
  yield* BenchCluster.say(`${tokens.length} sockets are open`)
  const run = steps(side, heard, rates(options, "rates", likeRates), options.seconds, options.seed)
  const done = yield* options.isProfiled
    ? profiled(members.map(({ pid }) => pid), cluster.probeFolder, "notify", options.out, run)
    : run
  return { done, sample, strange: side.ledger.strange() }
})

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const world = yield* prepare(options)
  const { done, sample, strange } = yield* Effect.scoped(measureRookery(options, world))
  for (const member of world.cluster.members()) yield* member.stop
  yield* BenchCluster.say("the same with one transaction each, Redis and a bare ws server")
  const heard = hearing()
  const side = yield* bareSide(world, sample, heard)
  const redis = yield* steps(side, heard, rates(options, "rates", likeRates), options.seconds, options.seed)
  return { likers: world.likers.length, recipients: world.recipients.length, rookery: done, redis, strange } satisfies NotifyResult
})

export const notify: Bench = {
  name: "notify",
  about: "likes/s through to the sockets of those whom they are for, and how late",
  options: {
    recipients: `people with a socket (${full.recipients} × scale)`,
    likers: `people who like (${full.likers})`,
    rates: `likes/s to try, in order (${likeRates.join(",")})`,
    connections: `HTTP connections (${full.connections})`,
    runners: `runner processes (${full.runners})`
  },
  run: (options) => Effect.map(Effect.scoped(measure(options)), notifyReport)
}
