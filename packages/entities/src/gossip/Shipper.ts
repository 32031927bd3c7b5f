/**
 * Carries what is to be told into the own server's stream. Rows come in numbered batches, so a message that is sent again
 * has the id it had; rows go when the stream has them. While the server is away they wait in the database.
 */
import { type Parcel, toAll, toOne } from "@rookery/bus/Links"
import * as Metrics from "@rookery/observe/Metrics"
import * as Gossip from "@rookery/protocol/Gossip"
import type { GossipBatch } from "@rookery/store/GossipStore"
import { Effect, type Latch } from "effect"
import * as Supervised from "./Supervised.ts"
import { nameOf, type World } from "./World.ts"

/** Rows and batches taken in one look. */
const rowsMax = 5_000
const batchesMax = 50

/** Messages in one send. */
const parcelsMax = 100

/** How long after something was told rows are looked for at the shorter pause, in milliseconds: other runners say nothing of theirs. */
const busyMillis = 2_000

/** A batch of long profiles is more than one message; how it is cut depends on the facts alone. */
const parcelsOf = (world: World, { destination, facts, id }: GossipBatch): ReadonlyArray<Parcel> => {
  const to = destination === -1 ? toAll : toOne(nameOf(world, destination))
  const messages = Gossip.pack(nameOf(world, world.datacenters.own), facts)
  return messages.map((data, part) => ({ id: `gossip-${id}-${part}`, to, data }))
}

const measure = (world: World, batches: ReadonlyArray<GossipBatch>, parcels: ReadonlyArray<Parcel>): void => {
  for (const { destination, facts } of batches) {
    Metrics.gossipShipped.at(destination === -1 ? "all" : nameOf(world, destination)).value += facts.length
    Metrics.gossipShippedBatch.observe(facts.length)
  }
  for (const { data } of parcels) Metrics.gossipShippedBytes.value += data.length
}

/** One look; answers the facts that were told. */
export const ship = (world: World): Effect.Effect<number, unknown> =>
  Effect.gen(function*() {
    const batches = yield* world.gossip.claim(rowsMax, batchesMax)
    if (batches.length === 0) return 0
    const parcels = batches.flatMap((batch) => parcelsOf(world, batch))
    for (let from = 0; from < parcels.length; from += parcelsMax) {
      yield* world.links.send(parcels.slice(from, from + parcelsMax))
    }
    yield* world.gossip.shipped(batches.map((batch) => batch.id))
    measure(world, batches, parcels)
    return batches.reduce((sum, batch) => sum + batch.facts.length, 0)
  })

const shipping = (world: World, due: Latch.Latch) => {
  const { gatherMillis, idleMillis } = world.settings
  let toldAt = 0
  const awaitDue = Effect.suspend(() => {
    const isBusy = performance.now() - toldAt < busyMillis
    return due.await.pipe(Effect.timeoutOption(isBusy ? gatherMillis : idleMillis), Effect.andThen(due.close))
  })
  const look = Effect.map(ship(world), (told) => {
    if (told > 0) toldAt = performance.now()
    if (told < rowsMax) return gatherMillis
    due.openUnsafe()
    return 0
  })
  return Supervised.forever("telling other datacenters", Effect.andThen(awaitDue, look))
}

/** Numbers in one transaction, as many of posts as of accounts. */
const countsMax = 1_000

const countsTelling = ({ gossip, settings }: World) =>
  Supervised.forever(
    "telling counts to other datacenters",
    Effect.map(gossip.tellCounts(countsMax), (told) => told >= countsMax ? 0 : settings.countsMillis)
  )

const sweeping = ({ gossip, settings }: World) =>
  Supervised.forever("dropping old tombstones", Effect.as(Effect.repeat(gossip.sweep, { while: (swept) => swept > 0 }), settings.sweepMillis))

const measureMillis = 5_000

const measuring = ({ gossip }: World) =>
  Supervised.forever(
    "measuring gossip",
    Effect.map(gossip.backlog, ({ oldestMillis, rows }) => {
      Metrics.gossipRows.value = rows
      Metrics.gossipOldestSeconds.value = oldestMillis / 1_000
      return measureMillis
    })
  ).pipe(
    // Whoever takes over measures on.
    Effect.ensuring(Effect.sync(() => {
      Metrics.gossipRows.value = 0
      Metrics.gossipOldestSeconds.value = 0
    }))
  )

/** `due` is opened by whoever has just committed something to be told. */
export const start = (world: World, due: Latch.Latch) =>
  Supervised.once(
    "shipper",
    Effect.all([shipping(world, due), countsTelling(world), sweeping(world), measuring(world)], { concurrency: "unbounded", discard: true })
  )
