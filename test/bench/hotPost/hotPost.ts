/** Likes of one post by many people, some taken back: how many a second, how late, and whether the count is exact at the end. */
import { Effect } from "effect"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { loadGraph } from "../cluster/loadGraph.ts"
import * as Member from "../cluster/member.ts"
import * as Metrics from "../cluster/metrics.ts"
import { type Bench, type BenchOptions, rates, whole } from "../harness/Bench.ts"
import { tokenOf } from "../load/tokens.ts"
import { profiled } from "../memory/probing.ts"
import { strangers } from "../notify/notify.ts"
import { type BareFigure, measureBare } from "./bare.ts"
import { countsOf, type Crowd, makeCrowd, type Truth } from "./crowd.ts"
import { hotPostReport } from "./report.ts"
import { directStep, httpSteps, type LikeStep, openHttp, statusOf } from "./steps.ts"

const full = { people: 60_000, connections: 256, callers: 512 }
const likeRates = [500, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]
/** One act in ten takes a like back. */
const unlikeShare = 0.1

export interface HotPostResult {
  readonly people: number
  readonly http: ReadonlyArray<LikeStep>
  readonly direct: LikeStep
  readonly bare: ReadonlyArray<BareFigure>
}

const prepare = Effect.fnUntraced(function*(options: BenchOptions) {
  const people = whole(options, "people", Math.round(full.people * options.scale))
  const asked = rates(options, "rates", likeRates)
  const cluster = yield* BenchCluster.make(options)
  yield* BenchCluster.say(`${people} people`)
  // The author is the last; each step has a post of its own, and warming up and the actor by itself one each.
  const loaded = yield* loadGraph(cluster.postgresUrl, strangers(people + 1), {
    postsPerAccount: (i) => (i < people ? 0 : asked.length + 2),
    token: tokenOf,
    seed: options.seed
  })
  const bare = yield* measureBare(cluster.postgresUrl, options.seconds)
  const [runner] = yield* BenchCluster.startRunners(cluster, 1)
  const front = yield* cluster.startFront()
  const member = yield* Member.join(cluster.postgresUrl)
  const http = openHttp(front.url, whole(options, "connections", full.connections))
  const answer = yield* http.ask(0, `/api/v1/accounts/${loaded.ids[people]}/statuses?limit=40`)
  const posts = (JSON.parse(answer) as ReadonlyArray<{ readonly id: string }>).map(({ id }) => BigInt(id))
  return { asked, bare, cluster, front, http, loaded, member, people, posts, runner: runner! }
})
export type World = Effect.Success<ReturnType<typeof prepare>>

/** The front may show an older count for as long as an invalidation travels. */
const truthOf = Effect.fnUntraced(function*({ cluster, http, loaded }: World, post: bigint, crowd: Crowd) {
  const { accounts, counter } = yield* countsOf(cluster.postgresUrl, post)
  let api = -1
  yield* Effect.ignore(Metrics.until("the count in the API", 10, 100, Effect.map(statusOf(http, post), (status) => {
    api = status.favourites_count
    return api === counter
  })))
  const liking = [...crowd.liking()].map((person) => loaded.ids[person]!)
  return {
    counter,
    api,
    set: accounts.size,
    acknowledged: liking.length,
    unsure: crowd.unsure(),
    isSameSet: liking.length === accounts.size && liking.every((id) => accounts.has(id))
  } satisfies Truth
})

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const world = yield* prepare(options)
  const { cluster, front, people, posts, runner } = world
  const members = [runner, front]
  const scene = {
    watched: BenchCluster.watched(cluster, members),
    crowd: (seed: number) => makeCrowd(people, unlikeShare, seed),
    truth: (post: bigint, crowd: Crowd) => truthOf(world, post, crowd),
    options
  }
  const run = Effect.gen(function*() {
    const http = yield* httpSteps(scene, world, posts.slice(1))
    const direct = yield* directStep(scene, world, posts[0]!, whole(options, "callers", full.callers))
    return { direct, http }
  })
  const done = yield* options.isProfiled
    ? profiled(members.map(({ pid }) => pid), cluster.probeFolder, "hot-post", options.out, run)
    : run
  return { people, bare: world.bare, ...done } satisfies HotPostResult
})

export const hotPost: Bench = {
  name: "hot-post",
  about: "likes/s of one post, some taken back, and the exact count at the end",
  options: {
    people: `people, each of whom likes a post once (${full.people} × scale)`,
    rates: `likes and unlikes/s to try, in order, each on a post of its own (${likeRates.join(",")})`,
    connections: `HTTP connections (${full.connections})`,
    callers: `calls to the actor at once, where there is no HTTP (${full.callers})`
  },
  run: (options) => Effect.map(Effect.scoped(measure(options)), hotPostReport)
}
