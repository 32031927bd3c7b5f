/** Likes at fixed arrival rates over HTTP, and as fast as the actor takes them. */
import { Effect } from "effect"
import { say } from "../cluster/BenchCluster.ts"
import type { BenchOptions } from "../harness/Bench.ts"
import * as Histogram from "../harness/Histogram.ts"
import { coresOf, processCpu, type Watched } from "../harness/processCpu.ts"
import * as HttpConnection from "../load/HttpConnection.ts"
import { followsShare, paced } from "../load/paced.ts"
import { tokenOf } from "../load/tokens.ts"
import { type Act, type Crowd, isExact, type Truth } from "./crowd.ts"
import type { World } from "./hotPost.ts"

export interface LikeStep {
  /** Undefined where as many were asked for as were answered. */
  readonly rate: number | undefined
  readonly due: number
  readonly unsent: number
  /** Answered well within the measured time. */
  readonly inTime: number
  readonly seconds: number
  readonly failed: number
  /** From the intended time of the act to its answer; milliseconds. */
  readonly latency: Histogram.Summary
  readonly truth: Truth
  readonly cpu: Readonly<Record<string, number>>
}

export interface Scene {
  readonly watched: ReadonlyArray<Watched>
  readonly crowd: (seed: number) => Crowd
  readonly truth: (post: bigint, crowd: Crowd) => Effect.Effect<Truth, unknown>
  readonly options: BenchOptions
}

export interface Http {
  readonly host: string
  readonly connections: ReadonlyArray<HttpConnection.HttpConnection>
  /** The body of what one person gets under a path. */
  readonly ask: (person: number, path: string) => Effect.Effect<string, Error>
}

export const openHttp = (frontUrl: string, count: number): Http => {
  const { host, port } = new URL(frontUrl)
  const connections = Array.from({ length: count }, () => HttpConnection.open(Number(port)))
  const ask = (person: number, path: string) =>
    Effect.callback<string, Error>((resume) =>
      connections[0]!.send(HttpConnection.request("GET", path, host, tokenOf(person)), (answer) =>
        resume(answer?.status === 200 ? Effect.succeed(answer.body.toString()) : Effect.fail(new Error(`${path}: ${answer?.status}`)))))
  return { host, connections, ask }
}

export const statusOf = (http: Http, post: bigint) =>
  Effect.map(http.ask(0, `/api/v1/statuses/${post}`), (body) => JSON.parse(body) as { readonly favourites_count: number })

const warmSeconds = 2

const makeTally = (from: number, to: number) => {
  const latency = Histogram.make()
  let [inTime, failed] = [0, 0]
  return {
    settle: (at: number, isGood: boolean): void => {
      const now = performance.now()
      if (!isGood) failed++
      else if (now >= from && now < to) inTime++
      if (at >= from) Histogram.record(latency, now - at)
    },
    result: () => ({ inTime, failed, latency: Histogram.summary(latency) })
  }
}

/** The rate, or the end of all people's first likes, whichever comes first. */
const httpStep = Effect.fnUntraced(function*(scene: Scene, { http }: World, post: bigint, rate: number, seconds: number) {
  const crowd = scene.crowd(scene.options.seed)
  const started = performance.now()
  const tally = makeTally(started + warmSeconds * 1000, started + (warmSeconds + seconds) * 1000)
  const before = yield* processCpu(scene.watched)
  const send = (slot: number, act: Act, onEnd: (isGood: boolean) => void): void =>
    http.connections[slot]!.send(
      HttpConnection.request("POST", `/api/v1/statuses/${post}/${act.liked ? "" : "un"}favourite`, http.host, tokenOf(act.person)),
      (answer) => onEnd(answer?.status === 200)
    )
  const begin = (slot: number, at: number, done: () => void): boolean => {
    const act = crowd.next()
    if (act === undefined) return false
    send(slot, act, (isGood) => {
      crowd.settle(act, isGood)
      tally.settle(at, isGood)
      done()
    })
    return true
  }
  const { due, unsent } = yield* paced({ rate, warmSeconds, seconds, slots: http.connections.length, seed: scene.options.seed, begin })
  const cpu = coresOf(before, yield* processCpu(scene.watched), (performance.now() - started) / 1000)
  const step: LikeStep = { rate, seconds, due, unsent, ...tally.result(), cpu, truth: yield* scene.truth(post, crowd) }
  yield* say(`${rate}/s: ${Math.round(step.inTime / seconds)}/s answered, p50 ${step.latency.p50.toFixed(1)} ms, ` +
    `p99 ${step.latency.p99.toFixed(1)} ms, ${step.failed} failed, count ${isExact(step.truth) ? "exact" : "WRONG"}`)
  return step
})

export const follows = (step: LikeStep): boolean => step.inTime >= step.due * followsShare && step.unsent === 0

/** Ends with the first rate that saturates it. The last post is for warming up. */
export const httpSteps = Effect.fnUntraced(function*(scene: Scene, world: World, posts: ReadonlyArray<bigint>) {
  const { asked } = world
  yield* httpStep(scene, world, posts.at(-1)!, Math.min(...asked), scene.options.seconds / 2)
  const done: Array<LikeStep> = []
  for (const rate of asked) {
    const step = yield* httpStep(scene, world, posts[done.length]!, rate, scene.options.seconds)
    done.push(step)
    if (!follows(step)) break
  }
  return done
})

/** Each caller asks again when it is answered. */
export const directStep = Effect.fnUntraced(function*(scene: Scene, { loaded, member }: World, post: bigint, callers: number) {
  const { seconds } = scene.options
  const crowd = scene.crowd(scene.options.seed + 1)
  const started = performance.now()
  const end = started + seconds * 1000
  const tally = makeTally(started, end)
  const before = yield* processCpu(scene.watched)
  const one = Effect.suspend(() => {
    const act = crowd.next()
    const at = performance.now()
    if (act === undefined) return Effect.succeed(false)
    return Effect.map(Effect.exit(member.setLike(post, loaded.ids[act.person]!, act.liked)), ({ _tag }) => {
      crowd.settle(act, _tag === "Success")
      tally.settle(at, _tag === "Success")
      return performance.now() < end
    })
  }).pipe(Effect.repeat({ while: (goesOn) => goesOn }))
  yield* Effect.forEach(Array.from({ length: callers }), () => one, { concurrency: callers, discard: true })
  const taken = Math.min(seconds, (performance.now() - started) / 1000)
  const cpu = coresOf(before, yield* processCpu(scene.watched), (performance.now() - started) / 1000)
  const result = tally.result()
  return { rate: undefined, seconds: taken, due: result.inTime, unsent: 0, ...result, cpu, truth: yield* scene.truth(post, crowd) } satisfies LikeStep
})
