/** A real cluster under load while its parts are killed, stopped, emptied and restarted, compared with the oracle. */
import { assert, describe, it } from "@effect/vitest"
import type { Member } from "@rookery/cluster/local/LocalCluster"
import * as Client from "@rookery/testkit/Client"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, References } from "effect"
import { inject } from "vitest"
import { drive } from "../oracle/drive.ts"
import * as World from "../oracle/world.ts"
import * as Ground from "./ground.ts"

const seed = inject("oracleSeed")
const people = 12
const millisEach = 6_000

/** Followers at which an author is pulled: few enough that random people cross it. Locks that expire soon make the test short. */
const env = {
  FANOUT_PUSH_THRESHOLD: "4",
  SHARD_LOCK_EXPIRATION_MILLIS: "3000",
  SHARD_LOCK_REFRESH_MILLIS: "1000",
  LOG_LEVEL: "Warn"
}

type Fault = (ground: Ground.Ground, random: Seeded.Seeded) => Effect.Effect<void, unknown>

const runnersOf = (ground: Ground.Ground): ReadonlyArray<Member> => ground.members().filter(({ kind }) => kind === "runner")

/** Each is what happens once, a second into the load. */
const faults: ReadonlyArray<readonly [name: string, fault: Fault]> = [
  ["a runner is killed and another takes its place", (ground, random) =>
    Effect.gen(function*() {
      yield* random.pick(runnersOf(ground)).kill("SIGKILL")
      yield* ground.startRunner()
    })],
  ["a runner stands still past its lease and goes on", (ground, random) =>
    Effect.gen(function*() {
      const stopped = random.pick(runnersOf(ground))
      yield* stopped.kill("SIGSTOP")
      yield* Effect.sleep(5_000)
      yield* stopped.kill("SIGCONT")
    })],
  ["Redis is emptied and restarted", (ground) =>
    Effect.andThen(ground.flushRedis, ground.redis.restart(500))],
  ["Postgres restarts", (ground) => ground.postgres.restart(500)],
  ["a runner joins and another is drained", (ground, random) =>
    Effect.gen(function*() {
      const leaving = random.pick(runnersOf(ground))
      yield* ground.startRunner()
      yield* leaving.stop
    })]
]

const underFault = (ground: Ground.Ground, n: number, name: string, fault: Fault) =>
  Effect.gen(function*() {
    const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 40_000 })
    const world = yield* World.make(client, `fault${n}`, people)
    let done = false
    const once = (random: Seeded.Seeded) =>
      Effect.suspend(() => {
        if (done) return Effect.void
        done = true
        return Effect.andThen(Effect.sleep(1_000), fault(ground, random))
      })
    const started = Date.now()
    const report = yield* drive(world, {
      seed: seed + n,
      millis: millisEach,
      batchesPerCheck: 1_000_000,
      quiesceMillis: 30_000,
      disturb: once,
      disturbShare: 1
    })
    console.log(`${name}: seed ${seed + n}, ${Date.now() - started} ms`, report)
  })

describe("a cluster under load", () => {
  it.live("keeps its promises through every fault", () =>
    Effect.gen(function*() {
      const ground = yield* Ground.make(env)
      yield* Effect.all([ground.startRunner(), ground.startRunner()], { concurrency: 2 })
      const context = yield* Ground.join(ground)
      const all = Effect.forEach(faults, ([name, fault], n) => underFault(ground, n, name, fault), { discard: true })
      yield* all.pipe(
        Effect.provideContext(context),
        Effect.onError(() => Effect.sync(() => console.log(ground.said())))
      )
      assert.isAtLeast(runnersOf(ground).length, 2)
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error")), 240_000)
})
