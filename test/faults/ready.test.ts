/** What `/ready` of a runner and a front says while what they need is away, and afterwards. */
import { assert, describe, it } from "@effect/vitest"
import type { Member } from "@rookery/cluster/local/LocalCluster"
import { Effect, Fiber, Schedule } from "effect"
import * as Ground from "./ground.ts"

interface Ready {
  readonly status: number
  readonly missing: ReadonlyArray<string>
  readonly degraded: ReadonlyArray<string>
}

const awayMillis = 6_000
const limit = "20 seconds"

const readyOf = (member: Member) =>
  Effect.promise(async (): Promise<Ready> => {
    const response = await fetch(`${member.url}/ready`)
    const { degraded, missing } = await response.json() as Omit<Ready, "status">
    return { status: response.status, missing, degraded }
  })

/** Asks until it is so; fails with what it last was. */
const becomes = (member: Member, isSo: (ready: Ready) => boolean) =>
  readyOf(member).pipe(
    Effect.flatMap((ready) => isSo(ready) ? Effect.succeed(ready) : Effect.fail(new Error(`${member.name}: ${JSON.stringify(ready)}`))),
    Effect.retry(Schedule.upTo(Schedule.spaced("100 millis"), { duration: limit }))
  )

const isWhole = ({ degraded, missing, status }: Ready) => status === 200 && missing.length + degraded.length === 0

describe("readiness of members", () => {
  it.live("goes with Postgres, names Redis as what makes it slower, and comes back with them", () =>
    Ground.withGround({}, (ground) =>
      Effect.gen(function*() {
        const members = [yield* ground.startRunner(), yield* ground.startFront()]
        const all = (isSo: (ready: Ready) => boolean) => Effect.forEach(members, (member) => becomes(member, isSo), { concurrency: 2 })
        yield* all(isWhole)

        const redis = yield* Effect.forkChild(ground.redis.restart(awayMillis))
        for (const ready of yield* all(({ degraded }) => degraded.length > 0)) {
          assert.deepStrictEqual(ready, { status: 200, missing: [], degraded: ["snapshots"] })
        }
        yield* Fiber.join(redis)
        yield* all(isWhole)

        const postgres = yield* Effect.forkChild(ground.postgres.restart(awayMillis))
        for (const ready of yield* all(({ missing }) => missing.includes("postgres"))) assert.strictEqual(ready.status, 503)
        yield* Fiber.join(postgres)
        yield* all(isWhole)
      })), 120_000)
})
