/** How fast a datacenter that was cut off, or whose stream was lost, has everything again; and how often copies serve. */
import { ContentDesk, idOf } from "@rookery/protocol/ContentDesk"
import * as Contents from "@rookery/protocol/Contents"
import type { PostId } from "@rookery/domain/Ids"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Ground from "./ground.ts"

export interface Repair {
  readonly what: string
  readonly posts: number
  readonly seconds: number
}

const timed = (what: string, posts: number, start: number): Repair => ({ what, posts, seconds: (performance.now() - start) / 1_000 })

/** So much is told while the link is cut, and read from the stream after it. */
export const backlog = (ground: Ground.Ground, posts: number) =>
  Effect.gen(function*() {
    const { authors, east, seas, west } = ground
    seas.waters.cut(east.name, west.name)
    const [from, to] = yield* Ground.addPosts(ground, authors[0]!, posts, false)
    yield* Ground.awaitTold(ground)
    const start = performance.now()
    seas.waters.heal(east.name, west.name)
    yield* Ground.awaitCount(west, posts, Ground.postsHere(from, to))
    return timed("read from the stream after a cut", posts, start)
  })

/** So much was never told: digests find it. */
export const lost = (ground: Ground.Ground, posts: number) =>
  Effect.gen(function*() {
    const [from, to] = yield* Ground.addPosts(ground, ground.authors[1]!, posts, true)
    const start = performance.now()
    yield* Ground.awaitCount(ground.west, posts, Ground.postsHere(from, to))
    return timed("lost, found by comparing digests", posts, start)
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
