/** Many open WebSockets on one front, few of them busy: memory per socket and per person, and how late posts arrive. */
import { Effect } from "effect"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import * as Metrics from "../cluster/metrics.ts"
import { type Bench, type BenchOptions, rates } from "../harness/Bench.ts"
import * as Sockets from "../live/sockets.ts"
import { tokenOf } from "../load/tokens.ts"
import * as Probing from "../memory/probing.ts"
import { measureBare } from "./bare.ts"
import { makeClock, type PostStep, postSteps } from "./posts.ts"
import { streamReport } from "./report.ts"
import { full, prepare, warmSockets, type World } from "./world.ts"

const postRates = [1, 2, 5, 10, 15, 20, 30, 40]

export interface StreamResult {
  readonly idle: number
  readonly active: number
  readonly socket: Probing.Added
  readonly person: Probing.Added
  readonly steps: ReadonlyArray<PostStep>
  readonly lost: number
  readonly bareSocket: Probing.Added
  readonly bareSteps: ReadonlyArray<PostStep>
}

/** Opens all sockets; answers what each but the first few added to the front, and each person to the runner. */
const connect = Effect.fnUntraced(function*({ active, authors, cluster, front, idle, runner }: World, onText: (payload: Buffer) => void) {
  // The active ones come first in the graph; the idle ones are opened first, for they warm the processes.
  const tokens = Array.from({ length: idle + active }, (_, i) => tokenOf(authors + i)).toReversed()
  const target = { ...Sockets.streamOf(front.url, "user"), onText }
  const look = (pid: number) => Probing.memoryOf(cluster.probeFolder, pid)
  yield* Sockets.open({ ...target, tokens: tokens.slice(0, warmSockets) })
  yield* Metrics.noActors("Session", [runner])
  const before = [yield* look(front.pid), yield* look(runner.pid)] as const
  yield* BenchCluster.say(`opening ${idle + active} sockets`)
  const rest = yield* Sockets.open({ ...target, tokens: tokens.slice(warmSockets) })
  yield* BenchCluster.say("waiting for the actors that took the connections to go")
  yield* Metrics.noActors("Session", [runner])
  const after = [yield* look(front.pid), yield* look(runner.pid)] as const
  return {
    lost: rest.lost,
    socket: Probing.addedBy(before[0], after[0], rest.count),
    person: Probing.addedBy(before[1], after[1], rest.count)
  }
})

const measureRookery = Effect.fnUntraced(function*(options: BenchOptions, world: World) {
  const { active, authors, cluster, front, loaded, member, runner } = world
  const clock = makeClock()
  const { lost, person, socket } = yield* connect(world, clock.onText)
  yield* BenchCluster.say("publishing")
  let posts = 0
  const publish = (text: string) => {
    const i = posts++
    return member.publish(loaded.ids[i % authors]!, `stream ${i}`, text)
  }
  const watched = BenchCluster.watched(cluster, [runner, front])
  const run = postSteps({ watched, clock, active, publish }, rates(options, "rates", postRates), options)
  const steps = yield* options.isProfiled
    ? Probing.profiled([runner.pid, front.pid], cluster.probeFolder, "stream", options.out, run)
    : run
  return { lost: lost(), person, sample: clock.sample(), socket, steps }
})

const measure = Effect.fnUntraced(function*(options: BenchOptions) {
  const world = yield* prepare(options)
  const { sample, ...own } = yield* Effect.scoped(measureRookery(options, world))
  for (const running of world.cluster.members()) yield* running.stop
  yield* BenchCluster.say("the same with Redis and a bare ws server")
  const bare = yield* measureBare(world, sample, rates(options, "rates", postRates), options)
  return { idle: world.idle, active: world.active, ...own, ...bare } satisfies StreamResult
})

export const stream: Bench = {
  name: "stream",
  about: "10,000 idle and 2,000 active sockets on one front: memory, and how late posts arrive",
  options: {
    idle: `sockets that hear nothing (${full.idle} × scale)`,
    active: `sockets that hear every post (${full.active} × scale)`,
    rates: `posts/s to try, in order, each for all active ones (${postRates.join(",")})`
  },
  run: (options) => Effect.map(Effect.scoped(measure(options)), streamReport)
}
