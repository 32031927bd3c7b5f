/**
 * One runner in this process, with the real actors over the real Postgres stores: no sockets, no stored messages,
 * on the real clock. Messages are serialised as between processes.
 */
import * as BusMemory from "@rookery/bus/memory/BusMemory"
import * as Entities from "@rookery/entities/Entities"
import type { World } from "@rookery/entities/gossip/World"
import type { Settings } from "@rookery/entities/Settings"
import * as MediaStoreFolder from "@rookery/store/folder/MediaStoreFolder"
import * as LocalIds from "@rookery/store/memory/LocalIds"
import * as Postgres from "@rookery/store/postgres/client"
import * as Migrate from "@rookery/store/postgres/migrate"
import * as PostgresStores from "@rookery/store/postgres/layer"
import type { SnapshotStore } from "@rookery/store/SnapshotStore"
import { TimelineStore } from "@rookery/store/TimelineStore"
import { Effect, identity, Layer, Redacted, type Scope } from "effect"
import { MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "effect/cluster"
import type { SqlClient } from "effect/sql"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as TestDatabase from "./TestDatabase.ts"

/** As in production; it is fixed for a cluster's life. */
export const shardsPerGroup = 127

export interface Options<E> {
  /** A migrated database, from {@link database}. */
  readonly databaseUrl: string
  readonly snapshots: Layer.Layer<SnapshotStore, E>
  readonly settings?: Partial<Settings>
  /** What the actors get instead of the store: to slow it down, or to let it fail. */
  readonly timelines?: (store: TimelineStore["Service"]) => TimelineStore["Service"]
  /** Idle actors go after this; they are looked for every 5 s. */
  readonly entityIdleMillis?: number
  /** The machine in its ids; 0 unless set. */
  readonly machine?: number
  /** Other datacenters, where there are any. */
  readonly world?: Effect.Effect<World, unknown, Sharding.Sharding | ShardingConfig.ShardingConfig | SqlClient.SqlClient | Scope.Scope>
}

/** An empty database with Rookery's schema, for the scope. */
export const database = (serverUrl: string) =>
  TestDatabase.make({
    serverUrl,
    template: "cluster",
    migrate: (url) =>
      Migrate.migrate.pipe(
        Effect.provide(Postgres.operatorLayer({ url: Redacted.make(url), applicationName: "test migration" }))
      )
  })

const sharding = (entityIdleMillis: number) =>
  Sharding.layer.pipe(
    Layer.provide([Runners.layerNoop, RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    Layer.provide(MessageStorage.layerNoop),
    Layer.provideMerge(ShardingConfig.layer({
      shardsPerGroup,
      entityMaxIdleTime: entityIdleMillis,
      simulateRemoteSerialization: true,
      sendRetryInterval: "20 millis"
    }))
  )

/** The stores and what else actors and callers need, over a pool of its own. */
export const stores = (databaseUrl: string, applicationName: string) =>
  PostgresStores.layer.pipe(
    Layer.provideMerge(Postgres.layer({ url: Redacted.make(databaseUrl), maxConnections: 8, applicationName }))
  )

const mediaFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-media-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** Pictures in a folder of the scope's own. */
const media = Layer.unwrap(Effect.map(mediaFolder, MediaStoreFolder.layer))

/** The actors, and all that a caller of theirs needs: sharding, stores, ids, bus. */
export const layer = <E>(options: Options<E>) =>
  Layer.unwrap(
    Effect.map(Effect.orDie(options.world ?? Effect.undefined), (world) => Entities.layer(options.settings, world))
  ).pipe(
    Layer.updateService(TimelineStore, options.timelines ?? identity),
    Layer.provideMerge(sharding(options.entityIdleMillis ?? 60_000)),
    Layer.provideMerge([
      stores(options.databaseUrl, "test cluster"),
      options.snapshots,
      media,
      LocalIds.layer(options.machine),
      BusMemory.layer
    ])
  )
