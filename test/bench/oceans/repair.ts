/** How fast a datacenter that was cut off, or whose stream was lost, has everything again; and how often copies serve. */
import { ContentDesk, idOf } from "@rookery/protocol/ContentDesk"
import * as Contents from "@rookery/protocol/Contents"
import type { PostId } from "@rookery/domain/Ids"
import type { PostFact } from "@rookery/domain/GossipFact"
import { toAll } from "@rookery/bus/Links"
import * as Wire from "@rookery/protocol/Gossip"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect, Fiber, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import * as Crossing from "./crossing.ts"
import * as Ground from "./ground.ts"

export interface Repair {
  readonly what: string
  readonly posts: number
  /** From when the link was back until all stand there, and until all are in the timelines. */
  readonly seconds: number
  readonly fannedOutSeconds: number
  /** What this process, which is both datacenters, took more of memory at its height. */
  readonly megabytes: number
  readonly live: Crossing.Visible
}

const lookMillis = 250

const highest = (reached: { bytes: number }) =>
  Effect.sync(() => void (reached.bytes = Math.max(reached.bytes, process.memoryUsage.rss()))).pipe(
    Effect.repeat(Schedule.spaced(lookMillis))
  )

/** From the link's return, while others publish at the usual rate. */
const recovery = (ground: Ground.Ground, what: string, added: Ground.Added, liveSeconds: number) =>
  Effect.gen(function*() {
    const { east, seas, west } = ground
    const before = process.memoryUsage.rss()
    const reached = { bytes: before }
    const start = performance.now()
    const since = Effect.sync(() => (performance.now() - start) / 1_000)
    seas.waters.heal(east.name, west.name)
    const watching = yield* Effect.forkChild(highest(reached))
    const there = Effect.gen(function*() {
      yield* Ground.awaitCount(west, added.count, Ground.postsHere(added), lookMillis)
      const seconds = yield* since
      yield* Ground.awaitCount(west, added.count, Ground.fannedOut(added), lookMillis)
      return [seconds, yield* since] as const
    })
    const [[seconds, fannedOutSeconds], live] = yield* Effect.all([there, Crossing.visible(ground, liveSeconds)], { concurrency: 2 })
    yield* Fiber.interrupt(watching)
    const megabytes = (reached.bytes - before) / 1_048_576
    const figure: Repair = { what, posts: added.count, seconds, fannedOutSeconds, megabytes, live }
    return figure
  })

const cut = ({ east, seas, west }: Ground.Ground) => Effect.sync(() => seas.waters.cut(east.name, west.name))

/** So much waits in the database, since the own server was away, and then in the stream: full messages. */
export const backlog = (ground: Ground.Ground, posts: number, liveSeconds: number) =>
  Effect.gen(function*() {
    yield* cut(ground)
    const added = yield* Ground.addPosts(ground, posts, false)
    yield* Ground.awaitTold(ground)
    return yield* recovery(ground, "in the stream, 500 to a message", added, liveSeconds)
  })

/** Announcements that found no more company than this at 50 posts/s. */
const company = 2
const parcelsAtOnce = 500

/** The same, told one by one while the link was cut. */
export const trickle = (ground: Ground.Ground, posts: number, liveSeconds: number) =>
  Effect.gen(function*() {
    yield* cut(ground)
    const added = yield* Ground.addPosts(ground, posts, true)
    const { gossip, links } = ground.east.life()!.world
    const range = { kind: "posts", origin: ground.east.number, asker: ground.west.number, deletedAfter: 0, to: added.to } as const
    let from: bigint = added.from
    for (let said = 0; said < posts;) {
      const facts = yield* gossip.facts({ ...range, from }, company * parcelsAtOnce)
      const parcels = Array.from({ length: Math.ceil(facts.length / company) }, (_, i) => ({
        id: `trickle-${added.mark}-${said + i * company}`,
        to: toAll,
        data: Wire.encode(ground.east.name, facts.slice(i * company, (i + 1) * company))
      }))
      yield* links.send(parcels)
      said += facts.length
      from = (facts.at(-1) as PostFact).id + 1n
    }
    return yield* recovery(ground, `in the stream, ${company} to a message`, added, liveSeconds)
  })

/** So much was never told: digests find it. */
export const lost = (ground: Ground.Ground, posts: number, liveSeconds: number) =>
  Effect.gen(function*() {
    yield* cut(ground)
    // The walk hurries when a link comes back that was seen to be down.
    yield* Effect.retry(
      Effect.suspend(() => ground.west.life()!.world.links.state(ground.east.name).connected ? Effect.fail("up") : Effect.void),
      Schedule.spaced(lookMillis)
    )
    const added = yield* Ground.addPosts(ground, posts, true)
    return yield* recovery(ground, "never told, found by digests", added, liveSeconds)
  })

export interface Copies {
  readonly posts: number
  readonly copies: number
  readonly reads: number
  readonly hitRate: number
  /** Of a cache that knew beforehand what is read most. */
  readonly bestRate: number
}

const pageSize = 20
const readersAtOnce = 12

/** Ranks by Zipf's law with exponent 1. */
const zipf = (count: number, random: Seeded) => {
  const sums = new Float64Array(count)
  let sum = 0
  for (let i = 0; i < count; i++) sums[i] = sum += 1 / (i + 1)
  const draw = (): number => {
    const at = random.next() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
  return { draw, share: (top: number) => sums[Math.min(top, count) - 1]! / sum }
}

/** Pages of posts of the other datacenter; the first half of them only warms the copies. */
export const copies = (ground: Ground.Ground, count: number, copiesMax: number, pages: number, random: Seeded) =>
  Effect.gen(function*() {
    const { east, west } = ground
    const rows = yield* west.run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql<{ id: PostId }>`SELECT id FROM posts WHERE content = 1 AND deleted_at IS NULL ORDER BY hashint8(id) LIMIT ${count}`))
    const { draw, share } = zipf(rows.length, random)
    const kept = west.life()!.world.copies
    const desk = yield* west.run(ContentDesk.client)
    let [reads, hits] = [0, 0]
    const page = (n: number) =>
      Effect.gen(function*() {
        const ids = [...new Set(Array.from({ length: pageSize }, () => rows[draw()]!.id))]
        if (n >= pages / 2) {
          reads += ids.length
          hits += (yield* kept.get(ids)).size
        }
        const byDesk = Map.groupBy(ids, (id) => idOf(east.number, id))
        yield* Effect.forEach(byDesk, ([at, own]) =>
          desk(at).Fetch({ wants: Contents.encodeWants(own.map((id) => ({ id, version: 1 }))) }), { concurrency: "unbounded", discard: true })
      })
    yield* Effect.forEach(Array.from({ length: pages }, (_, n) => n), page, { concurrency: readersAtOnce, discard: true })
    const figure: Copies = { posts: rows.length, copies: copiesMax, reads, hitRate: hits / reads, bestRate: share(copiesMax) }
    return figure
  })
