/** How many announcements one datacenter takes in per second, durable rows included: from bytes to the commit. */
import * as Datacenters from "@rookery/domain/Datacenters"
import { GossipStore } from "@rookery/store/GossipStore"
import * as Gossip from "@rookery/store/postgres/gossip/GossipStorePostgres"
import * as Wire from "@rookery/protocol/Gossip"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Embedded from "../embedded.ts"
import { type Bench, type BenchOptions, whole } from "../harness/Bench.ts"
import type { Table } from "../harness/Table.ts"
import * as Bare from "./bare.ts"
import * as Digests from "./digests.ts"
import * as News from "./news.ts"

interface GossipFigure {
  readonly origins: number
  /** Messages of 500 announcements that are applied in one transaction. */
  readonly messages: number
  readonly announcementsPerSecond: number
  readonly bytesPerAnnouncement: number
  /** Rows of fan-out that the announcements left. */
  readonly fanouts: number
}

const topology = Datacenters.make(
  ["north", "south", "west"].map((name, i) => ({ name, machines: { first: 100 * i, last: 100 * i + 99 } })),
  "north"
)

const goal = 20_000
const tombstoneMillis = 90 * 86_400_000

const database = Effect.gen(function*() {
  const client = yield* Embedded.database
  const gossip = Gossip.layer({ datacenters: topology, shardOf: (id) => 1 + Number(BigInt(id) % 127n), tombstoneMillis })
  return yield* Layer.build(Layer.provideMerge(gossip, client))
})

const read = (origin: number, messages: ReadonlyArray<Uint8Array>) =>
  messages.flatMap((message) => {
    const decoded = Wire.decode(topology, origin, message)
    return decoded._tag === "Facts" ? decoded.facts : []
  })

/** Reads and applies what one origin said, so many messages to a transaction; answers how many facts. */
const takeIn = (gossip: GossipStore["Service"], origin: number, messages: ReadonlyArray<Uint8Array>, each: number) =>
  Effect.gen(function*() {
    let taken = 0
    for (let at = 0; at < messages.length; at += each) {
      const facts = read(origin, messages.slice(at, at + each))
      const applied = yield* gossip.apply(origin, facts)
      if (applied.unknownOld.length > 0) return yield* Effect.fail(new Error("announcements were not taken"))
      taken += facts.length
    }
    return taken
  })

const measureOnce = (origins: number, each: number, posts: number, random: Seeded.Seeded): Effect.Effect<GossipFigure, unknown, GossipStore | SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const gossip = yield* GossipStore
    yield* sql`TRUNCATE outbox`
    const said = Array.from({ length: origins }, (_, i) => News.announcements(topology, i + 1, posts / origins, random))
    const bytes = said.flat().reduce((sum, message) => sum + message.length, 0)
    const start = performance.now()
    const taken = yield* Effect.all(said.map((messages, i) => takeIn(gossip, i + 1, messages, each)), { concurrency: origins })
    const seconds = (performance.now() - start) / 1_000
    const count = taken.reduce((sum, of) => sum + of, 0)
    const [left] = yield* sql<{ n: bigint }>`SELECT count(*) AS n FROM outbox`
    return {
      origins,
      messages: each,
      announcementsPerSecond: Math.round(count / seconds),
      bytesPerAnnouncement: bytes / count,
      fanouts: Number(left!.n)
    }
  })

/** Of one origin; they are read before the time counts. */
const measureBare = (posts: number, random: Seeded.Seeded) =>
  Bare.measure(read(1, News.announcements(topology, 1, posts, random)).filter((fact) => fact._tag === "Post"))

const comparing = (figures: ReadonlyArray<Digests.DigestFigure>): Table => ({
  title: "Digests of a day, ms",
  columns: ["posts of the day", "kind", "of them compared", "all of it at once", "as many rows as are looked at", "in 64 parts", "slowest part"],
  rows: figures.map(({ bounded, count, kind, partMax, parts, posts, whole }) => [
    posts,
    kind,
    count,
    whole === undefined ? "cut off" : Math.round(whole),
    ...[bounded, parts, partMax].map(Math.round)
  ])
})

const ways = [[1, 1], [1, 4], [1, 10], [2, 10]] as const

const run = (options: BenchOptions) =>
  Effect.gen(function*() {
    const posts = whole(options, "announcements", Math.round(100_000 * options.scale))
    const million = whole(options, "million", Math.round(1_000_000 * options.scale))
    const random = Seeded.make(options.seed)
    const context = yield* database
    const { bare, digests, figures } = yield* Effect.provideContext(
      Effect.gen(function*() {
        yield* (yield* GossipStore).enable
        yield* News.people(topology)
        yield* measureOnce(1, 4, Math.min(posts, 20_000), random)
        const figures = yield* Effect.forEach(ways, ([origins, each]) => measureOnce(origins, each, posts, random))
        const bare = yield* measureBare(posts, random)
        return { figures, bare, digests: yield* Digests.measure(million) }
      }),
      context
    )
    const best = Math.max(...figures.map((figure) => figure.announcementsPerSecond))
    return {
      tables: [comparing(digests), {
        title: "Announcements taken in by one datacenter, from bytes to the commit",
        columns: ["origins", "messages of 500 in a transaction", "announcements/s", "bytes each", "rows of fan-out"],
        rows: figures.map((figure) => [figure.origins, figure.messages, figure.announcementsPerSecond, Math.round(figure.bytesPerAnnouncement * 10) / 10, figure.fanouts])
      }, Bare.bareTable(bare)],
      charts: [],
      goals: [{ what: "announcements applied per second, durable rows included", goal: `≥ ${goal}`, measured: `${best}`, isMet: best >= goal }],
      data: { figures, bare, digests }
    }
  })

export const gossip: Bench = {
  name: "gossip",
  about: "announcements of other datacenters, applied per second, beside plain inserts; digests of a day",
  options: {
    announcements: "how many to each measurement; 100,000 times the scale",
    million: "posts of a day whose digests are measured, then four times as many; 1,000,000 times the scale"
  },
  run
}
