/** Bytes that a resident timeline, a connection and a follower cost, by what real processes hold before and after, beside what they cost elsewhere. */
import { windowEntriesMax } from "@rookery/domain/Limits"
import * as Graph from "@rookery/testkit/GraphGenerator"
import { Effect } from "effect"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { loadGraph } from "../cluster/loadGraph.ts"
import * as Member from "../cluster/member.ts"
import * as Metrics from "../cluster/metrics.ts"
import { type Bench, type BenchOptions, whole } from "../harness/Bench.ts"
import * as Sockets from "../live/sockets.ts"
import { tokenOf } from "../load/tokens.ts"
import { measureBaselines } from "./baselines.ts"
import { followers } from "./followers.ts"
import * as Probing from "./probing.ts"
import { memoryReport } from "./report.ts"
import { added, type Unit } from "./unit.ts"

const full = { readers: 20_000, sockets: 5_000, postsPerAuthor: 60, crowdAuthors: 4_000, meanFollowers: 403 }
/** Before the first look: what code and caches take must not count. */
const warmReaders = 500
const warmSockets = 100

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const readers = whole(options, "readers", Math.round(full.readers * options.scale))
  // Sixteen authors a reader, whose sixty posts each fill the window.
  const authors = Math.round(readers / 25)
  const mean = full.meanFollowers
  const read = Graph.audience({ authors, readers, mean, seed: options.seed })
  // Followed by people of their own: those whose timelines are measured follow as many as fill them.
  const crowd = Math.round(full.crowdAuthors * options.scale)
  const graph = Graph.beside(read, Graph.audience({ authors: crowd, readers, mean, seed: options.seed + 1 }))
  const cluster = yield* BenchCluster.make(options)
  yield* BenchCluster.say(`${authors} authors, ${readers} readers, ${read.followees.length} follows; ${crowd} more authors, ${graph.followees.length} in all`)
  const loaded = yield* loadGraph(cluster.postgresUrl, graph, {
    postsPerAccount: (i) => (i < authors ? full.postsPerAuthor : 0),
    token: (i) => (i < authors || i >= read.accounts ? undefined : tokenOf(i)),
    seed: options.seed
  })
  const runner = yield* cluster.startRunner()
  const front = yield* cluster.startFront()
  const member = yield* Member.join(cluster.postgresUrl)
  const account = (i: number) => ({ id: loaded.ids[i]!, no: loaded.nos[i]! })
  const followers = Graph.followerCounts(graph)
  const authorsFrom = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...account(first + i), followers: followers[first + i]! }))
  return {
    cluster,
    runner,
    front,
    member,
    authors: authorsFrom(0, authors),
    crowd: authorsFrom(read.accounts, crowd),
    people: Array.from({ length: readers }, (_, i) => ({ ...account(authors + i), token: tokenOf(authors + i) }))
  }
})

type Bed = Effect.Success<ReturnType<typeof prepare>>

const timelines = Effect.fnUntraced(function*(bed: Bed) {
  yield* bed.member.makeResident(bed.people.slice(0, warmReaders), () => {})
  const rest = bed.people.slice(warmReaders)
  const unit = yield* added(bed.cluster.probeFolder, {
    pid: bed.runner.pid,
    what: `resident timeline of ${windowEntriesMax}`,
    label: "timeline",
    goal: 12_000,
    count: rest.length
  }, bed.member.makeResident(rest, () => {}))
  const sample = bed.people.filter((_, i) => i % Math.ceil(bed.people.length / 100) === 0)
  const lengths = yield* Effect.forEach(sample, (reader) =>
    Effect.map(bed.member.readOne(reader, windowEntriesMax), (entries) => entries.length))
  return { unit, entries: lengths.reduce((sum, length) => sum + length, 0) / lengths.length }
})

const connections = Effect.fnUntraced(function*(bed: Bed, options: BenchOptions) {
  const target = { ...Sockets.streamOf(bed.front.url, "user"), onText: () => {} }
  const wanted = Math.min(whole(options, "sockets", Math.round(full.sockets * options.scale)), bed.people.length - warmSockets)
  const tokens = bed.people.map((person) => person.token)
  yield* Sockets.open({ ...target, tokens: tokens.slice(0, warmSockets) })
  yield* Metrics.noActors("Session", [bed.runner])
  const before = yield* Probing.memoryOf(bed.cluster.probeFolder, bed.runner.pid)
  const wanting = { pid: bed.front.pid, what: "idle WebSocket on the front", label: "WebSocket on the front", goal: 16_000, count: wanted }
  const socket = yield* added(bed.cluster.probeFolder, wanting,
    Effect.andThen(
      Sockets.open({ ...target, tokens: tokens.slice(warmSockets, warmSockets + wanted) }),
      Metrics.until("every session", 60, 100, Effect.map(
        Metrics.total([bed.runner], "rookery_sessions"),
        (sessions) => sessions >= warmSockets + wanted
      ))
    ))
  yield* Metrics.noActors("Session", [bed.runner])
  const left = yield* Metrics.total([bed.runner], "rookery_sessions")
  if (left < warmSockets + wanted) return yield* Effect.fail(new Error(`only ${left} sessions are left to measure`))
  const after = yield* Probing.memoryOf(bed.cluster.probeFolder, bed.runner.pid)
  const session: Unit = {
    what: "connected person in Session",
    label: "person in Session",
    count: wanted,
    goal: 4_000,
    ...Probing.addedBy(before, after, wanted)
  }
  return { socket, session }
})

const measureRookery = Effect.fnUntraced(function*(options: BenchOptions) {
  const bed = yield* prepare(options)
  const { entries, unit: timeline } = yield* timelines(bed)
  const { session, socket } = yield* connections(bed, options)
  const { follower, more } = yield* followers(bed)
  const wanted = {
    entries: Math.round(entries),
    timelines: timeline.count,
    sockets: socket.count,
    warmSockets,
    followers: bed.crowd.map((author) => author.followers)
  }
  return { entries, follower, more, session, socket, timeline, wanted }
})

export const memory: Bench = {
  name: "memory",
  about: "bytes of a resident timeline, a WebSocket, a connected person, a follower, beside Redis and a bare ws server",
  options: {
    readers: `resident timelines (${full.readers} × scale)`,
    sockets: `WebSockets (${full.sockets} × scale)`
  },
  run: (options) =>
    Effect.gen(function*() {
      // The cluster ends before the baselines are measured: neither shares the open files, and the machine, of the other.
      const { entries, follower, more, session, socket, timeline, wanted } = yield* Effect.scoped(measureRookery(options))
      yield* BenchCluster.say("the same in Redis and on a bare ws server")
      const bare = yield* measureBaselines(wanted)
      return memoryReport([timeline, ...bare.timelines, socket, bare.socket, session, follower, bare.follower, ...more], entries)
    })
}
