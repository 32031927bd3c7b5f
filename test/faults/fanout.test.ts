/** Runners killed in the middle of a fan-out to 10,000 windows: every acknowledged post is in every one of them, once. */
import { assert, describe, it } from "@effect/vitest"
import type { Member } from "@rookery/cluster/local/LocalCluster"
import { OutboxStore } from "@rookery/store/OutboxStore"
import type { StoreError } from "@rookery/store/StoreError"
import * as Client from "@rookery/testkit/Client"
import { Deferred, Effect, References, Schedule } from "effect"
import { quiesce } from "../oracle/verify.ts"
import * as Crowd from "./crowd.ts"
import * as Ground from "./ground.ts"

const size = 10_000
const postsAtOnce = 8
/** After a crash everything is where it belongs within this time (I1). */
const recoveryMillis = 30_000
/** From the kill to answers for everybody: under 5 s on a machine that has nothing else to do. */
const servedMillis = 10_000

const draft = {
  text: "to everyone",
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: null,
  replyTo: null,
  repostOf: null
} as const

type CrowdClient = Effect.Success<ReturnType<typeof setUp>>

const setUp = (ground: Ground.Ground) =>
  Effect.gen(function*() {
    const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 40_000 })
    const crowd = yield* Crowd.make("crowd", size)
    yield* Effect.all([ground.startRunner(), ground.startRunner()], { concurrency: 2 })
    return { client, crowd, acknowledged: new Array<bigint>() }
  })

const publish = ({ acknowledged, client, crowd }: CrowdClient, key: string) =>
  Effect.map(client.publish(crowd.author.id, key, draft), (post) => void acknowledged.push(post.id))

const runners = (ground: Ground.Ground) => ground.members().filter(({ kind }) => kind === "runner")

/** The runner on which the author's actor lives: its counter is the one that a post moves. */
const runnerOfAuthor = (ground: Ground.Ground, crowd: CrowdClient) =>
  Effect.gen(function*() {
    const counts = Effect.forEach(runners(ground), (runner) => Ground.metric(runner, "rookery_published_total"))
    const before = yield* counts
    yield* publish(crowd, `probe ${crowd.acknowledged.length}`)
    const after = yield* counts
    return runners(ground).find((_, n) => after[n]! > before[n]!)!
  })

const backlog = Effect.flatMap(OutboxStore, (outbox) => Effect.map(outbox.backlog, ({ rows }) => rows))

/** Milliseconds until readers of every shard are answered again. */
const untilServed = (crowd: CrowdClient) =>
  Effect.gen(function*() {
    const from = performance.now()
    yield* Crowd.homes(crowd.crowd.followers.filter((_, n) => n % 10 === 0), 1)
    return performance.now() - from
  })

/**
 * Posts come all at once; at the first acknowledgement the runner is killed, while the rest is on its way. Ends when
 * all are acknowledged and readers are served again; answers how long that took from the kill, and how many fan-outs
 * were open right after it.
 */
const killDuring = (crowd: CrowdClient, runner: Member, round: string) =>
  Effect.gen(function*() {
    const killed = yield* Deferred.make<number, StoreError>()
    const kill = Effect.andThen(runner.kill("SIGKILL"), Deferred.into(backlog, killed))
    let struck = false
    const killAtFirst = Effect.suspend(() => {
      if (struck) return Effect.void
      struck = true
      return kill
    })
    const post = (n: number) => Effect.andThen(publish(crowd, `${round} ${n}`), killAtFirst)
    const posts = Effect.forEach(Array.from({ length: postsAtOnce }, (_, n) => n), post, { concurrency: "unbounded" })
    const served = Effect.andThen(Deferred.await(killed), untilServed(crowd))
    const [, millis] = yield* Effect.all([posts, served], { concurrency: 2 })
    return { millis, open: yield* Deferred.await(killed) }
  })

const verify = (crowd: CrowdClient, what: string) =>
  Effect.gen(function*() {
    const expected = [...crowd.acknowledged].sort((a, b) => (a > b ? -1 : 1))
    const homes = yield* Crowd.homes([...crowd.crowd.followers, crowd.crowd.author], 40)
    assert.strictEqual(homes.size, size + 1)
    const wrong = [...homes].filter(([, ids]) => ids.length !== expected.length || ids.some((id, n) => id !== expected[n]))
    assert.deepStrictEqual(wrong.slice(0, 3), [], `${what}: ${wrong.length} of ${homes.size} timelines are wrong`)
  })

const strike = (ground: Ground.Ground, crowd: CrowdClient, whose: "author's own" | "other") =>
  Effect.gen(function*() {
    const own = yield* runnerOfAuthor(ground, crowd)
    yield* quiesce(recoveryMillis)
    yield* verify(crowd, `before the ${whose} runner is killed`)
    const victim = whose === "author's own" ? own : runners(ground).find((runner) => runner !== own)!
    const { millis, open } = yield* killDuring(crowd, victim, whose)
    yield* quiesce(recoveryMillis)
    yield* verify(crowd, `after the ${whose} runner was killed`)
    console.log(`${whose} runner killed: ${open} fan-outs were open, readers were served again after ${Math.round(millis)} ms`)
    assert.isAbove(open, 0)
    assert.isBelow(millis, servedMillis)
    yield* ground.startRunner()
  })

describe("a post to 10,000 followers", () => {
  it.live("reaches each of them once, whichever runner is killed meanwhile", () =>
    Effect.gen(function*() {
      const ground = yield* Ground.make({ FANOUT_PUSH_THRESHOLD: "1000000", LOG_LEVEL: "Warn" })
      const context = yield* Ground.join(ground)
      yield* Effect.gen(function*() {
        const crowd = yield* setUp(ground)
        yield* Crowd.homes(crowd.crowd.followers, 1).pipe(Effect.retry(Schedule.recurs(2)))
        yield* strike(ground, crowd, "other")
        yield* strike(ground, crowd, "author's own")
      }).pipe(
        Effect.provideContext(context),
        Effect.onError(() => Effect.sync(() => console.log(ground.said())))
      )
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error")), 180_000)
})
