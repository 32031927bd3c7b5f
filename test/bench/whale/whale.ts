/** One post of authors with a thousand to a million followers, pushed and pulled, beside Redis. */
import { windowEntriesMax } from "@rookery/domain/Limits"
import type { Mode } from "@rookery/domain/FanoutMode"
import * as Graph from "@rookery/testkit/GraphGenerator"
import { Effect } from "effect"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { loadGraph } from "../cluster/loadGraph.ts"
import * as Member from "../cluster/member.ts"
import * as Metrics from "../cluster/metrics.ts"
import { type Bench, type BenchOptions, whole } from "../harness/Bench.ts"
import { processCpu, type Watched } from "../harness/processCpu.ts"
import { measureRedis } from "./redis.ts"
import { whaleReport } from "./report.ts"

const full = { largest: 1_000_000, repeats: 3, runners: 2 }
const smallest = 1_000
const sampleSize = 50
const settleSeconds = 60
const ways = ["push", "pull"] as const

export interface WhaleFigure {
  readonly followers: number
  /** `push` and `pull`, or a way of Redis. */
  readonly mode: string
  /** That a timeline holds: at most so many as yet in Rookery, where only this bench wrote; as many as are kept in Redis. */
  readonly entries: number
  /**
   * From the acknowledgement to the last timeline shard, by the runner's clock; in Redis from the first command to the last answer.
   * The middle one of all repeats.
   */
  readonly seconds: number
  /** Between processes; Redis has none. */
  readonly messages: number | undefined
  /** CPU of all runners, or of Redis, for one post, with what they do anyway. */
  readonly cpuSeconds: number
}

interface Bed {
  readonly member: Member.Member
  readonly runners: ReadonlyArray<{ readonly url: string }>
  readonly watched: ReadonlyArray<Watched>
  readonly readers: ReadonlyArray<Member.Reader>
}

const sizesOf = (largest: number): Array<number> => {
  const sizes: Array<number> = []
  for (let size = smallest; size <= largest; size *= 10) sizes.push(size)
  return sizes
}

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const largest = whole(options, "largest", Math.round(full.largest * options.scale))
  const sizes = sizesOf(largest)
  const readers = sizes.at(-1)
  if (readers === undefined) return yield* Effect.fail(new RangeError(`--largest must be at least ${smallest}`))
  const graph = Graph.nested(sizes, readers)
  const cluster = yield* BenchCluster.make(options)
  yield* BenchCluster.say(`loading ${readers} accounts and ${graph.followees.length} follows`)
  const loaded = yield* loadGraph(cluster.postgresUrl, graph, { postsPerAccount: () => 0, seed: options.seed })
  const runners = yield* BenchCluster.startRunners(cluster, full.runners)
  const member = yield* Member.join(cluster.postgresUrl)
  const people = Array.from({ length: readers }, (_, i) => ({
    id: loaded.ids[sizes.length + i]!,
    no: loaded.nos[sizes.length + i]!
  }))
  yield* BenchCluster.say("making every timeline resident")
  yield* member.makeResident(people, () => {})
  const authors = sizes.map((followers, i) => ({ id: loaded.ids[i]!, followers }))
  const watched = runners.map(({ name, pid }) => ({ name, pid }))
  return { authors, bed: { member, readers: people, runners, watched } satisfies Bed }
})

const awaitMode = (bed: Bed, author: bigint, mode: Mode) =>
  Metrics.until(`mode ${mode}`, settleSeconds, 50, Effect.map(bed.member.describe(author), (known) => known.mode.mode === mode))

/** The post must be the newest entry of every follower asked, and of nobody else. */
const check = Effect.fnUntraced(function*(bed: Bed, followers: number, post: bigint) {
  const step = Math.max(1, Math.floor(followers / sampleSize))
  const asked = bed.readers.filter((_, i) => i < followers && i % step === 0)
  const stranger = bed.readers[followers]
  for (const reader of stranger === undefined ? asked : [...asked, stranger]) {
    const newest = (yield* bed.member.readOne(reader, 1))[0]?.id
    if ((newest === post) !== (reader !== stranger)) {
      return yield* Effect.fail(new Error(`the newest post of ${reader.id} is ${newest}, the one published ${post}`))
    }
  }
})

const publishOnce = Effect.fnUntraced(function*(bed: Bed, author: { readonly id: bigint; readonly followers: number }, key: string) {
  const count = Metrics.total(bed.runners, "rookery_fanout_seconds_count")
  const sum = Metrics.total(bed.runners, "rookery_fanout_seconds_sum")
  const batches = Metrics.total(bed.runners, "rookery_delivery_batches_total")
  const [countBefore, sumBefore, batchesBefore] = yield* Effect.all([count, sum, batches])
  const cpuBefore = yield* processCpu(bed.watched)
  const post = yield* bed.member.publish(author.id, key, `whale ${key}`)
  yield* Metrics.until("the fan-out", settleSeconds, 10, Effect.map(count, (now) => now > countBefore))
  const cpuAfter = yield* processCpu(bed.watched)
  yield* check(bed, author.followers, post.id)
  return {
    seconds: (yield* sum) - sumBefore,
    messages: (yield* batches) - batchesBefore,
    cpuSeconds: bed.watched.reduce((used, { name }) => used + cpuAfter[name]! - cpuBefore[name]!, 0)
  }
})

const measureAuthor = Effect.fnUntraced(function*(
  bed: Bed,
  author: { readonly id: bigint; readonly followers: number },
  mode: "push" | "pull",
  repeats: number
) {
  yield* bed.member.setOverride(author.id, mode)
  yield* awaitMode(bed, author.id, mode)
  // The first warms the follower set and the code.
  yield* publishOnce(bed, author, `${mode}-${author.followers}-warm`)
  const runs = yield* Effect.forEach(Array.from({ length: repeats }, (_, i) => i), (i) =>
    publishOnce(bed, author, `${mode}-${author.followers}-${i}`))
  const middle = runs.sort((a, b) => a.seconds - b.seconds)[repeats >> 1]!
  yield* BenchCluster.say(`${mode} to ${author.followers}: ${(middle.seconds * 1000).toFixed(1)} ms, ${middle.messages} messages`)
  // The first reader follows every author.
  const entries = (yield* bed.member.readOne(bed.readers[0]!, windowEntriesMax)).length
  return { followers: author.followers, mode, entries, ...middle } satisfies WhaleFigure
})

const measureRookery = Effect.fnUntraced(function*(options: BenchOptions, repeats: number) {
  const { authors, bed } = yield* prepare(options)
  const figures: Array<WhaleFigure> = []
  for (const mode of ways) {
    for (const author of authors) figures.push(yield* measureAuthor(bed, author, mode, repeats))
  }
  return figures
})

export const whale: Bench = {
  name: "whale",
  about: "one post to 10³ … 10⁶ resident followers, pushed and pulled, beside Redis",
  options: {
    largest: `followers of the largest author (${full.largest} × scale)`,
    repeats: `posts of which the middle one counts (${full.repeats})`
  },
  run: (options) =>
    Effect.gen(function*() {
      const repeats = Math.max(1, whole(options, "repeats", full.repeats))
      // The cluster ends before Redis is measured: each has the machine to itself.
      const rookery = yield* Effect.scoped(measureRookery(options, repeats))
      yield* BenchCluster.say("the same in Redis")
      const sizes = rookery.filter((figure) => figure.mode === ways[0]).map((figure) => figure.followers)
      return whaleReport([...rookery, ...yield* measureRedis(sizes, repeats)])
    })
}
