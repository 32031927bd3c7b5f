import { assert, describe, it } from "@effect/vitest"
import type { GossipFact } from "@rookery/domain/GossipFact"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { AccountStore, type AccountRow } from "../src/AccountStore.ts"
import type { RelationChange } from "../src/RelationStore.ts"
import * as World from "./gossipWorld.ts"

const changes: ReadonlyArray<RelationChange> = [
  { _tag: "Block", blocked: true },
  { _tag: "Block", blocked: false },
  { _tag: "Answer", accepted: true },
  { _tag: "Answer", accepted: false },
  { _tag: "RemoveFollower" }
]

/** Facts on their way, which may come in any order, twice, or much later. */
interface Way {
  readonly to: World.Datacenter
  readonly from: number
  held: Array<GossipFact>
}

/** Delivers some of what is held, and keeps some of that to be delivered again. */
const deliver = (way: Way, random: Seeded.Seeded, share: number) => {
  const chosen = way.held.filter(() => random.chance(share))
  const taken = new Set(chosen)
  way.held = way.held.filter((fact) => !taken.has(fact) || random.chance(0.1))
  const mixed = chosen.map((fact) => [random.next(), fact] as const).sort(([a], [b]) => a - b).map(([, fact]) => fact)
  return mixed.length === 0 ? Effect.void : World.apply(way.to, way.from, mixed)
}

/** Somebody of one side does something to somebody of the other. */
const act = (sides: ReadonlyArray<World.Datacenter>, people: ReadonlyArray<ReadonlyArray<AccountRow>>, random: Seeded.Seeded) =>
  Effect.gen(function*() {
    const side = random.int(2)
    const [own, other] = [random.pick(people[side]!), random.pick(people[1 - side]!)]
    const here = sides[side]!
    if (random.chance(0.5)) return yield* World.follow(here, own, other, random.chance(0.7))
    if (random.chance(0.15)) {
      return yield* here.run(Effect.flatMap(AccountStore, (accounts) => accounts.update(own.id, { locked: random.chance(0.5) })))
    }
    return yield* World.relate(here, own, other, random.pick(changes))
  })

const edgesOf = ({ run }: World.Datacenter) =>
  run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.all({
      follows: sql`SELECT follower::text, followee::text FROM follows WHERE active ORDER BY 1, 2`,
      requests: sql`SELECT account::text, target::text FROM follow_requests ORDER BY 1, 2`,
      blocks: sql`SELECT account::text, target::text FROM blocks ORDER BY 1, 2`,
      shown: sql`
        SELECT a.id::text, CASE WHEN a.remote THEN 0 ELSE w.followers END + w.followers_elsewhere AS followers,
          coalesce(r.following, w.following_elsewhere) AS following
        FROM accounts a JOIN authors w ON w.account = a.id LEFT JOIN readers r ON r.account = a.id ORDER BY 1`,
      // What is counted is what is there.
      wrong: sql`
        SELECT a.id FROM accounts a JOIN authors w ON w.account = a.id LEFT JOIN readers r ON r.account = a.id
        WHERE w.followers <> (SELECT count(*) FROM follows WHERE followee = a.id AND active AND follower_shard <> 0)
          OR r.following <> (SELECT count(*) FROM follows WHERE follower = a.id AND active)`
    })))

describe("datacenters that change the same pairs at once", () => {
  for (const seed of [0, 1].map((n) => inject("oracleSeed") + n)) {
    it.live(`agree on every edge, request, block and number once all is told, seed ${seed}`, () =>
      Effect.scoped(Effect.gen(function*() {
        const random = Seeded.make(seed)
        const sides = yield* World.world(2)
        const people = yield* Effect.forEach(sides, (side) =>
          Effect.forEach([0, 1, 2], (n) => World.account(side, `p${side.number}${n}`)))
        yield* World.flow(sides)
        const ways = sides.map((_, i): Way => ({ to: sides[1 - i]!, from: i, held: [] }))
        for (let step = 0; step < 60; step++) {
          yield* Effect.all(Array.from({ length: 3 }, () => act(sides, people, random)), { concurrency: 3 })
          for (const [i, way] of ways.entries()) {
            if (random.chance(0.4)) way.held.push(...(yield* World.take(sides[i]!)).map(({ fact }) => fact))
          }
          yield* Effect.all(ways.map((way) => deliver(way, random, 0.3)), { concurrency: 2 })
        }
        for (const way of ways) yield* deliver(way, random, 1)
        yield* World.flow(sides)
        const [north, south] = yield* Effect.forEach(sides, edgesOf)
        assert.deepStrictEqual(south, north)
        assert.deepStrictEqual(north!.wrong, [])
        assert.isAbove(north!.follows.length + north!.blocks.length, 0)
      })), 120_000)
  }
})
