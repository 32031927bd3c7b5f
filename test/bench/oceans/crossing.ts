/** What crosses for each post, by how many follow there; and how long until it is read there. */
import { toOne } from "@rookery/bus/Links"
import * as Wire from "@rookery/protocol/Gossip"
import { newest } from "../../oracle/perform.ts"
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import * as Histogram from "../harness/Histogram.ts"
import * as Ground from "./ground.ts"

export interface Crossing {
  readonly followers: number
  readonly messages: number
  readonly bytes: number
  /** Of a relay that sends each follower's copy across, as today's fan-out between runners would. */
  readonly relayMessages: number
  readonly relayBytes: number
}

const rate = 50
/** With the same key, by whoever timed out while a backlog is caught up with. */
const publishRetries = 5
const draft = (text: string) => ({ text, spoiler: "", sensitive: false, visibility: "public", language: null, replyTo: null, repostOf: null }) as const

let keys = 0

/** Publishes at the rate; calls back with each post once it is acknowledged. */
const publishing = ({ authors, east }: Ground.Ground, by: ReadonlyArray<number>, count: number, done: (id: bigint, at: number) => void) =>
  Effect.gen(function*() {
    const start = performance.now()
    yield* Effect.forEach(Array.from({ length: count }, (_, i) => i), (i) =>
      Effect.gen(function*() {
        yield* Effect.sleep(Math.max(0, start + (i * 1_000) / rate - performance.now()))
        const publish = east.life()!.client.publish(authors[by[i % by.length]!]!.id, `oceans:${keys++}`, draft(`post ${i}`))
        const { id } = yield* Effect.retry(publish, { times: publishRetries })
        done(id, performance.now())
      }), { concurrency: count, discard: true })
  })

/** Sends one message for each follower, as large as the announcement is; they only repeat what is known. */
const relay = (ground: Ground.Ground, author: number, followers: number) =>
  Effect.gen(function*() {
    const { east, authors } = ground
    const { gossip, links } = east.life()!.world
    const [last] = yield* east.run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql<{ id: bigint }>`SELECT max(id) AS id FROM posts WHERE author = ${authors[author]!.id}`))
    const [data] = Wire.pack(east.name, yield* gossip.postsOf([last!.id as never], 1))
    const before = { ...east.sent }
    const parcels = Array.from({ length: followers }, (_, i) => ({ id: `relay-${author}-${i}`, to: toOne(ground.west.name), data: data! }))
    for (let from = 0; from < followers; from += 100) yield* links.send(parcels.slice(from, from + 100))
    return { relayMessages: east.sent.messages - before.messages, relayBytes: east.sent.bytes - before.bytes }
  })

/** The author of that number, followed by so many there. */
export const crossing = (ground: Ground.Ground, author: number, followers: number, posts: number) =>
  Effect.gen(function*() {
    const { authors, east, west } = ground
    yield* Ground.addFollowers(ground, authors[author]!.id, followers)
    yield* Ground.awaitTold(ground)
    const before = { ...east.sent }
    const ids: Array<bigint> = []
    yield* publishing(ground, [author], posts, (id) => ids.push(id))
    yield* Ground.awaitTold(ground)
    yield* Ground.awaitCount(west, posts, (sql) => sql<{ n: bigint }>`SELECT count(*) AS n FROM posts WHERE author = ${authors[author]!.id}`)
    const [messages, bytes] = [(east.sent.messages - before.messages) / posts, (east.sent.bytes - before.bytes) / posts]
    const figure: Crossing = { followers, messages, bytes, ...yield* relay(ground, author, followers) }
    return figure
  })

const pageSize = 40
/** Pages of one look, of what a window holds. */
const pagesMax = 20

export interface Visible {
  readonly p50: number
  readonly p99: number
  readonly posts: number
}

/** From the acknowledgement in the east to the first page in the west that has it, at the usual rate. */
export const visible = (ground: Ground.Ground, seconds: number) =>
  Effect.gen(function*() {
    const { reader, west } = ground
    const acknowledged = new Map<bigint, number>()
    const seen = new Map<bigint, number>()
    /** Down to the oldest that is missed: what was held up comes many at once, and reading for it must not hold it up further. */
    const look = Effect.gen(function*() {
      let maxId: bigint | undefined
      let pages = 0
      for (; pages < pagesMax; pages++) {
        const page = yield* west.life()!.client.skeleton(reader, { ...newest(pageSize), maxId })
        for (const { id } of page) if (!seen.has(id)) seen.set(id, performance.now())
        maxId = page.at(-1)?.id
        const isMissed = [...acknowledged.keys()].some((id) => !seen.has(id) && maxId !== undefined && id < maxId)
        if (page.length < pageSize || !isMissed) break
      }
      yield* Effect.sleep(2 + 10 * pages)
    })
    yield* look
    const looking = yield* Effect.forkChild(Effect.forever(look))
    const all = Array.from({ length: 4 }, (_, i) => i)
    yield* publishing(ground, all, rate, () => {})
    yield* publishing(ground, all, rate * seconds, (id, at) => acknowledged.set(id, at))
    yield* Effect.sleep("20 millis").pipe(Effect.repeat({ until: () => [...acknowledged.keys()].every((id) => seen.has(id)) }), Effect.timeout("480 seconds"))
    yield* Fiber.interrupt(looking)
    const histogram = Histogram.make()
    for (const [id, at] of acknowledged) Histogram.record(histogram, Math.max(0, seen.get(id)! - at))
    const figure: Visible = { posts: acknowledged.size, p50: Histogram.percentile(histogram, 0.5), p99: Histogram.percentile(histogram, 0.99) }
    return figure
  })
