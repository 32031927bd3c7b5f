/** What client programs see of a cluster's faults through a front: answers that ask them to come back, and nothing worse. */
import { assert, describe, it } from "@effect/vitest"
import * as Logs from "@rookery/observe/Logs"
import * as Client from "@rookery/testkit/Client"
import { draft } from "@rookery/testkit/Drafts"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Fiber, Schedule } from "effect"
import { inject } from "vitest"
import * as World from "../oracle/world.ts"
import { env, faults } from "./faults.ts"
import * as Ground from "./ground.ts"
import * as Visitors from "./visitors.ts"

const people = 6
const seed = inject("oracleSeed")
/** Streams tell of a post within this time, once the dust has settled. */
const tellMillis = 2_000
const settleMillis = 30_000
/** Between two faults. */
const calmMillis = 1_000

/** Everybody posts and reads until `done`; answers the ids of what was acknowledged. */
const busy = (visitors: ReadonlyArray<Visitors.Visitor>, front: string, done: () => boolean) =>
  Effect.gen(function*() {
    const acknowledged: Array<string> = []
    const live = (visitor: Visitors.Visitor, n: number) =>
      Effect.gen(function*() {
        for (let round = 0; !done(); round++) {
          acknowledged.push(yield* Visitors.post(visitor, front, `post ${round} of ${n}`))
          yield* Visitors.home(visitor, front, 40)
        }
      })
    yield* Effect.forEach(visitors, live, { concurrency: "unbounded", discard: true })
    return acknowledged
  })

const descending = (ids: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...ids].sort((a, b) => (BigInt(a) > BigInt(b) ? -1 : 1))

/** Asks again until `check` passes; its own failure when the time is up. */
const soon = <E, R>(millis: number, check: Effect.Effect<void, E, R>) =>
  Effect.retry(check, Schedule.upTo(Schedule.spaced("200 millis"), { duration: millis }))

const tallyOf = (visitors: ReadonlyArray<Visitors.Visitor>): Readonly<Record<string, number>> => {
  const tally: Record<string, number> = {}
  for (const { answers } of visitors) {
    for (const [status, count] of answers) tally[status] = (tally[status] ?? 0) + count
  }
  return tally
}

interface Scene {
  readonly front: string
  readonly client: Client.Client
  readonly world: World.World
  readonly visitors: ReadonlyArray<Visitors.Visitor>
  /** What each visitor's stream has told of. */
  readonly streams: ReadonlyArray<ReadonlySet<string>>
}

/** People who all follow each other, each with a token and an open stream. */
const setUp = (front: string) =>
  Effect.gen(function*() {
    const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 40_000 })
    const world = yield* World.make(client, "visitor", people)
    const visitors = yield* Effect.forEach(world.people, ({ id }) => Visitors.admit(id))
    const followAll = (reader: World.Someone) =>
      Effect.forEach(world.people.filter((person) => person !== reader), ({ id }) => client.setFollow(reader.id, id, true))
    yield* Effect.forEach(world.people, followAll, { concurrency: people, discard: true })
    const streams = yield* Effect.forEach(visitors, (visitor) => Visitors.listen(visitor, front))
    return { front, client, world, visitors, streams } satisfies Scene
  })

/** Every fault in turn while everybody is busy; answers what was acknowledged, newest first. */
const throughFaults = (ground: Ground.Ground, { front, visitors }: Scene) =>
  Effect.gen(function*() {
    let done = false
    const load = yield* Effect.forkChild(busy(visitors, front, () => done))
    const random = Seeded.make(seed)
    for (const fault of Object.values(faults)) {
      yield* Effect.sleep(calmMillis)
      yield* fault(ground, random)
    }
    done = true
    return descending(yield* Fiber.join(load))
  })

const timelineIsWhole = (front: string, visitor: Visitors.Visitor, acknowledged: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const ids = yield* Visitors.home(visitor, front, 40)
    if (ids.length === acknowledged.length && ids.every((id, n) => id === acknowledged[n])) return
    const missing = acknowledged.filter((id) => !ids.includes(id))
    const tooMuch = ids.filter((id, n) => !acknowledged.includes(id) || ids.indexOf(id) !== n)
    yield* World.broken("a timeline over HTTP holds what was acknowledged, once (I1, I2)", { missing, tooMuch })
  })

/**
 * Streams that were opened before the faults tell of what is posted now. What was posted while a front looked for
 * the shards that had moved may be missed by them, and is found in the timeline: so there are several posts.
 */
const streamsTell = ({ client, streams, world }: Scene) =>
  Effect.gen(function*() {
    const posts: Array<string> = []
    yield* soon(settleMillis, Effect.gen(function*() {
      const post = yield* client.publish(world.people[0]!.id, `after all ${posts.length}`, draft("after all"))
      posts.push(String(post.id))
      yield* Effect.sleep(tellMillis)
      const deaf = streams.flatMap((heard, n) => heard.has(String(post.id)) ? [] : [n])
      if (deaf.length > 0) yield* World.broken("an open stream tells of a post (I1)", { deaf, posts })
    }))
    return posts.length
  })

describe("client programs at a front", () => {
  it.live("post and read through every fault, are told 503 at worst, and hear of posts afterwards", () =>
    Ground.withGround({ ...env, LOG_LEVEL: "Info" }, (ground) =>
      Effect.gen(function*() {
        const [front] = yield* Effect.all([ground.startFront(), ground.startRunner(), ground.startRunner()], { concurrency: 3 })
        const scene = yield* setUp(front.url)
        const acknowledged = yield* throughFaults(ground, scene)
        console.log(`${acknowledged.length} posts acknowledged, answers by status`, tallyOf(scene.visitors))
        assert.isAbove(acknowledged.length, people)
        yield* soon(settleMillis, Effect.forEach(
          scene.visitors,
          (visitor) => timelineIsWhole(front.url, visitor, acknowledged),
          { concurrency: 2, discard: true }
        ))
        assert.include(front.logs(), Logs.names.memberEnded, "what it keeps was in doubt when a runner was killed")
        const posts = yield* streamsTell(scene)
        console.log(`every open stream told of the ${posts === 1 ? "first" : `${posts}th`} post after the faults`)
      })), 180_000)
})
