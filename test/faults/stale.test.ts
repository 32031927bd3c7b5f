/** A runner that stood still while its people moved on: what it knows from before is not what it answers. */
import { assert, describe, it } from "@effect/vitest"
import * as Client from "@rookery/testkit/Client"
import { draft } from "@rookery/testkit/Drafts"
import { Effect, Fiber, Schedule } from "effect"
import { newest } from "../oracle/perform.ts"
import * as World from "../oracle/world.ts"
import * as Direct from "./direct.ts"
import * as Ground from "./ground.ts"

/** Enough that both runners hold some. */
const people = 16
const env = { SHARD_LOCK_EXPIRATION_MILLIS: "3000", SHARD_LOCK_REFRESH_MILLIS: "1000", LOG_LEVEL: "Warn" }
const takeoverMillis = 20_000
/** Messages that wait in the socket of the runner that stands still, for each of its people. */
const readsEach = 5

/** Follows, a post that everybody has read from memory, and a caller whose every message goes to one runner. */
const setUp = (ground: Ground.Ground) =>
  Effect.gen(function*() {
    const still = yield* ground.startRunner()
    yield* ground.startRunner()
    const client = yield* Client.make({ attemptMillis: 2_000, patienceMillis: takeoverMillis })
    const world = yield* World.make(client, "stale", people)
    const [author, ...readers] = world.people as [World.Someone, ...Array<World.Someone>]
    yield* Effect.forEach(readers, (reader) => client.setFollow(reader.id, author.id, true), { concurrency: 4 })
    const before = yield* client.publish(author.id, "before", draft("news"))
    for (const reader of readers) assert.strictEqual((yield* client.home(reader, newest(5)))[0]?.id, before.id)
    const context = yield* Direct.make(still)
    const direct = yield* Effect.provideContext(Client.make({ attemptMillis: 1_000, patienceMillis: 10 }), context)
    const held = yield* Effect.filter(readers, (reader) => Effect.isSuccess(direct.skeleton(reader, newest(5))), {
      concurrency: "unbounded"
    })
    return { author, before, client, direct, held, still }
  })

describe("a runner that stands still past its lease", () => {
  it.live("refuses readers rather than show them what it knew before, and does not lose what is written to it", () =>
    Ground.withGround(env, (ground) =>
      Effect.gen(function*() {
        const { author, before, client, direct, held, still } = yield* setUp(ground)
        assert.isAbove(held.length, 0)
        yield* still.kill("SIGSTOP")
        const during = yield* client.publish(author.id, "during", draft("news"))
        // The other runner shows it to all: the takeover is over.
        yield* Effect.forEach(held, (reader) => client.home(reader, newest(5)), { concurrency: 4 }).pipe(
          Effect.repeat({
            until: (pages) => pages.every((page) => page[0]?.id === during.id),
            times: 100,
            schedule: Schedule.spaced(100)
          })
        )
        const reads = Array.from({ length: readsEach }, () => held).flat()
        const asking = yield* Effect.forkChild(Effect.forEach(
          reads,
          (reader) => Effect.exit(direct.skeleton(reader, newest(5))),
          { concurrency: "unbounded" }
        ))
        yield* Effect.sleep(300)
        yield* still.kill("SIGCONT")
        const answers = yield* Fiber.join(asking)
        const answered = answers.filter((exit) => exit._tag === "Success")
        console.log(`${reads.length} reads of the runner that stood still: ${answered.length} answered, the rest refused`)
        const stale = answered.filter((exit) => exit.value[0]?.id !== during.id)
        assert.strictEqual(stale.length, 0)

        const after = yield* client.publish(author.id, "after", draft("news"))
        const ids = [after.id, during.id, before.id]
        const home = (reader: World.Someone) =>
          Effect.map(client.home(reader, newest(5)), (page) => page.map(({ id }) => id)).pipe(
            Effect.repeat({ until: (page) => page.length === ids.length, times: 100, schedule: Schedule.spaced(100) })
          )
        for (const reader of held) assert.deepStrictEqual(yield* home(reader), ids)
      })), 90_000)
})
