/** What a program needs to tell and be told, where the topology names several datacenters. */
import type { Links } from "@rookery/bus/Links"
import type { Configuration } from "@rookery/config/Load"
import * as World from "@rookery/entities/gossip/World"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import * as Copies from "@rookery/store/CopyStore"
import { GossipStore } from "@rookery/store/GossipStore"
import * as CopyStoreMemory from "@rookery/store/memory/CopyStoreMemory"
import * as GossipStorePostgres from "@rookery/store/postgres/gossip/GossipStorePostgres"
import * as CopyStoreRedis from "@rookery/store/redis/CopyStoreRedis"
import { Context, Effect, Layer, Redacted } from "effect"
import { PREFIX } from "./Storage.ts"

const dayMillis = 86_400_000

/** Contents that this datacenter keeps of others' posts; in the process when there is no Redis. */
export const copies = ({ redisUrl, remoteCopiesMax }: Configuration) => {
  const settings = { ...Copies.defaults, copiesMax: remoteCopiesMax }
  const layer = redisUrl === undefined
    ? CopyStoreMemory.layer(settings)
    : CopyStoreRedis.layer({ ...settings, url: Redacted.make(redisUrl), keyPrefix: PREFIX })
  return Effect.map(Layer.build(layer), (context) => Context.get(context, Copies.CopyStore))
}

const settingsOf = ({ remoteCopyDays, remoteFetchAheadReaders, remoteSearchDays, repairIntervalMillis, tombstoneDays }: Configuration): World.GossipSettings => ({
  ...World.defaults,
  repairMillis: repairIntervalMillis,
  copyAgeMillis: remoteCopyDays * dayMillis,
  fetchAheadReaders: remoteFetchAheadReaders,
  searchAgeMillis: remoteSearchDays * dayMillis,
  tombstoneMillis: tombstoneDays * dayMillis
})

/** Undefined for who is alone. */
export const make = (configuration: Configuration, links: Links["Service"] | undefined) =>
  Effect.gen(function*() {
    if (links === undefined) return undefined
    const settings = settingsOf(configuration)
    const datacenters = configuration.world
    const { shardOf } = yield* ShardDirectory.make
    const gossip = yield* Layer.build(GossipStorePostgres.layer({ datacenters, shardOf, tombstoneMillis: settings.tombstoneMillis }))
    const world: World.World = {
      datacenters,
      links,
      gossip: Context.get(gossip, GossipStore),
      copies: yield* copies(configuration),
      settings
    }
    return world
  })
