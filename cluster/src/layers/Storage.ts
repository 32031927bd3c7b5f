/** Everything that is kept or told outside of the process: Postgres, snapshots, the bus, and the source of ids. */
import * as BusMemory from "@rookery/bus/memory/BusMemory"
import { Bus } from "@rookery/bus/Bus"
import * as BusNats from "@rookery/bus/nats/BusNats"
import * as MediaStoreFolder from "@rookery/store/folder/MediaStoreFolder"
import * as LeasedIds from "@rookery/store/LeasedIds"
import * as SnapshotStoreMemory from "@rookery/store/memory/SnapshotStoreMemory"
import * as client from "@rookery/store/postgres/client"
import * as postgres from "@rookery/store/postgres/layer"
import * as SnapshotStoreRedis from "@rookery/store/redis/SnapshotStoreRedis"
import * as MediaStoreS3 from "@rookery/store/s3/MediaStoreS3"
import { MediaStore } from "@rookery/store/MediaStore"
import { SnapshotStore } from "@rookery/store/SnapshotStore"
import { checkSettings } from "@rookery/store/postgres/migrate"
import { Data, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { awaitDependency, type Patience } from "./awaitDependency.ts"
import * as DependencyWatch from "./DependencyWatch.ts"

export interface Options {
  readonly postgresUrl: string
  readonly connectionsMax: number
  /** Undefined: snapshots stay in this process. */
  readonly redisUrl: string | undefined
  /** Undefined: this process is alone. */
  readonly natsUrl: string | undefined
  /** Names this process to the servers. */
  readonly processName: string
  readonly media: MediaPlace
  /** The datacenter's machine numbers, both inclusive. */
  readonly machineBlock: { readonly first: number; readonly last: number }
  readonly shardsPerGroup: number
  /** With a server that does not answer at the start. */
  readonly patience: Patience
}

/** Where pictures are kept. */
export type MediaPlace =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "s3"; readonly settings: MediaStoreS3.Settings }

/** Before every key and subject, so that Rookery can share its servers with others. */
export const PREFIX = "rookery"
/** A reader who stays away for longer is built from Postgres again. */
const SNAPSHOT_TTL_S = 7 * 24 * 3600

/** Of snapshots that stay in the process, at 12 bytes each. */
const SNAPSHOT_ENTRIES_MAX = 4_000_000

/** Postgres answers, but our tables are not there. */
class NotMigrated extends Data.TaggedError("NotMigrated") {
  override get message(): string {
    return "the database is empty: run \"npm run rookery -- migrate\" first"
  }
}

/** Pictures cannot be kept where we were told to. */
class MediaFolderUnusable extends Data.TaggedError("MediaFolderUnusable")<{ readonly folder: string; readonly cause: unknown }> {
  override get message(): string {
    return `MEDIA_FOLDER ${this.folder} cannot be used: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

export const requireSchema = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ exists: boolean }>`SELECT to_regclass('accounts') IS NOT NULL AS exists`
  if (row?.exists !== true) return yield* new NotMigrated()
})

/** The pool of connections, once Postgres answers and its database is this cluster's. */
export const layerPostgres = (options: Options) => {
  const pool = client.layer({
    url: Redacted.make(options.postgresUrl),
    maxConnections: options.connectionsMax,
    applicationName: options.processName
  })
  const check = Layer.effectDiscard(Effect.andThen(
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      awaitDependency({
        name: "Postgres",
        url: options.postgresUrl,
        probe: sql`SELECT 1`,
        patience: options.patience
      })),
    Effect.andThen(requireSchema, checkSettings(options.shardsPerGroup))
  ))
  const watch = Layer.unwrap(Effect.map(SqlClient.SqlClient, (sql) =>
    DependencyWatch.layer({
      name: "Postgres",
      part: "postgres",
      url: options.postgresUrl,
      probe: sql`SELECT 1`,
      meanwhile: "writes, and reads of what is not in memory, are answered with 503"
    })))
  return Layer.provideMerge(watch, Layer.provideMerge(check, pool))
}

const layerIds = (options: Options) =>
  LeasedIds.layer({ ...LeasedIds.defaults, block: options.machineBlock, process: options.processName })

const layerSnapshots = (options: Options) => {
  const { patience, redisUrl } = options
  if (redisUrl === undefined) return SnapshotStoreMemory.layer({ entriesMax: SNAPSHOT_ENTRIES_MAX, ttlSeconds: SNAPSHOT_TTL_S })
  const redis = SnapshotStoreRedis.layer({ url: Redacted.make(redisUrl), keyPrefix: PREFIX, ttlSeconds: SNAPSHOT_TTL_S })
  const check = Effect.flatMap(SnapshotStore, ({ ping }) =>
    awaitDependency({ name: "Redis", url: redisUrl, probe: ping, patience }))
  const watch = Layer.unwrap(Effect.map(SnapshotStore, ({ ping }) =>
    DependencyWatch.layer({ name: "Redis", part: "snapshots", url: redisUrl, probe: ping, meanwhile: "timelines load from Postgres, slower" })))
  return Layer.provideMerge(watch, Layer.provideMerge(Layer.effectDiscard(check), redis))
}

const layerBus = (options: Options) => {
  const { natsUrl: url, patience } = options
  if (url === undefined) return BusMemory.layer
  const nats = BusNats.layer({ url, name: options.processName, prefix: PREFIX })
  const probe = Effect.scoped(Layer.build(Layer.fresh(nats)))
  const watch = Layer.unwrap(Effect.map(Bus, ({ ping }) =>
    DependencyWatch.layer({ name: "NATS", part: "bus", url, probe: ping, meanwhile: "changes show at other members within seconds, not at once" })))
  const watched = Layer.provideMerge(watch, nats)
  return Layer.unwrap(Effect.as(awaitDependency({ name: "NATS", url, probe, patience }), watched))
}

const layerMedia = ({ media }: Options) =>
  media.kind === "folder" ? layerMediaFolder(media.folder) : MediaStoreS3.layer(media.settings)

const layerMediaFolder = (folder: string) =>
  MediaStoreFolder.layer(folder).pipe(
    Layer.catch(({ cause }) => Layer.effect(MediaStore, Effect.fail(new MediaFolderUnusable({ folder, cause }))))
  )

/** Needs `layerPostgres`. */
export const layer = (options: Options) =>
  Layer.mergeAll(layerBus(options), layerSnapshots(options), layerMedia(options), Layer.provideMerge(layerIds(options), postgres.layer))
