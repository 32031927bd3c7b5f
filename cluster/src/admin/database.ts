/**
 * Which database an operator's command is about: `DATABASE_URL`; else that of the local cluster that runs on the data
 * folder; else that of the one-process program that runs on it; else the embedded one, started for as long as we need it.
 */
import type { Configuration } from "@rookery/config/Load"
import { Effect, type Scope } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as ClusterFile from "../local/ClusterFile.ts"
import * as OneFile from "../local/OneFile.ts"
import * as EmbeddedPostgres from "../servers/EmbeddedPostgres.ts"
import { AdminError } from "./AdminError.ts"

export interface Database {
  readonly url: string
  /** For messages. */
  readonly what: string
  /** Nobody else writes to it while we do. */
  readonly isOurs: boolean
}

/** Where the one-process program keeps its embedded Postgres. */
export const embeddedFolder = (dataDir: string): string => join(dataDir, "postgres")

/** Where local clusters, of one datacenter and of several, keep theirs. */
export const clusterFolder = (dataDir: string): string => join(dataDir, "cluster")
export const datacentersFolder = (dataDir: string): string => join(dataDir, "datacenters")

export const find = Effect.fnUntraced(function*(configuration: Configuration) {
  const { dataDir, databaseUrl } = configuration
  if (databaseUrl !== undefined) return { url: databaseUrl, what: "the database of DATABASE_URL", isOurs: false }
  const cluster = yield* stateOf(() => ClusterFile.read(dataDir))
  if (cluster?.datacenters !== undefined) return yield* new AdminError({ message: severalMessage(cluster.datacenters) })
  if (cluster?.postgresUrl !== undefined) {
    return { url: cluster.postgresUrl, what: "the local cluster's database", isOurs: false }
  }
  const one = yield* stateOf(() => OneFile.read(dataDir))
  if (one !== undefined) return { url: one.postgresUrl, what: "the running server's database", isOurs: false }
  return yield* startEmbedded(dataDir)
})

const severalMessage = (datacenters: ReadonlyArray<{ readonly name: string; readonly envFile: string }>): string =>
  ["several datacenters run here; say which one is meant:", ...datacenters.map(({ envFile, name }) =>
    `  ${name}: env $(cat ${envFile}) npm run rookery -- …`)].join("\n")

/** The NATS server of the cluster that uses that database; undefined when a process alone does. */
export const findNats = Effect.fnUntraced(function*({ dataDir, databaseUrl, natsUrl }: Configuration) {
  if (natsUrl !== undefined || databaseUrl !== undefined) return natsUrl
  return (yield* stateOf(() => ClusterFile.read(dataDir)))?.natsUrl
})

const stateOf = <A>(read: () => Promise<A>): Effect.Effect<A, AdminError> =>
  Effect.tryPromise({ try: read, catch: (cause) => new AdminError({ message: `cannot tell what runs here: ${cause instanceof Error ? cause.message : String(cause)}` }) })

/** Folders of data whose program does not run: a new database beside them would be mistaken for theirs. */
const sleeping = [
  { folder: clusterFolder, start: "npm run cluster" },
  { folder: datacentersFolder, start: "npm run cluster -- --datacenters N" }
] as const

const sleepingMessage = (folder: string, start: string): string =>
  `${folder} has the data of a local cluster that does not run: start it with "${start}" first, or say with DATA_DIR or DATABASE_URL which database is meant`

const startEmbedded = (dataDir: string): Effect.Effect<Database, AdminError, Scope.Scope> => {
  const folder = embeddedFolder(dataDir)
  const isNew = !existsSync(folder)
  const asleep = sleeping.find((one) => isNew && existsSync(one.folder(dataDir)))
  if (asleep !== undefined) return Effect.fail(new AdminError({ message: sleepingMessage(asleep.folder(dataDir), asleep.start) }))
  return EmbeddedPostgres.start({ folder }).pipe(
    Effect.mapError((error) => new AdminError({ message: error.message })),
    Effect.map(({ url }) => ({ url, what: isNew ? `a new database in ${folder}` : `the database in ${folder}`, isOurs: true }))
  )
}
