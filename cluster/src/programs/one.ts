/** The one-process server on a database that runs: runner and front in one, snapshots and bus in memory. */
import type { Configuration } from "@rookery/config/Load"
import * as Entities from "@rookery/entities/Entities"
import * as Front from "@rookery/front/Front"
import * as Logs from "@rookery/observe/Logs"
import { Effect, Layer } from "effect"
import { AdminError } from "../admin/AdminError.ts"
import * as adminHints from "../layers/adminHints.ts"
import * as DatacenterLinks from "../layers/DatacenterLinks.ts"
import * as Discovery from "../layers/Discovery.ts"
import * as Exclusivity from "../layers/Exclusivity.ts"
import * as GossipWorld from "../layers/GossipWorld.ts"
import * as Housekeeping from "../layers/Housekeeping.ts"
import * as MediaHousekeeping from "../layers/MediaHousekeeping.ts"
import * as Past from "../layers/Past.ts"
import * as LocalSharding from "../layers/LocalSharding.ts"
import * as processName from "../layers/processName.ts"
import * as Storage from "../layers/Storage.ts"
import { withPort } from "../local/freePort.ts"
import * as OneFile from "../local/OneFile.ts"
import * as derive from "./derive.ts"
import { announceReady } from "./main.ts"
import * as migrate from "./migrate.ts"
import { welcome } from "./welcome.ts"

const nameOf = ({ host, port }: Configuration): string => processName.make("one", "alone", derive.urlOf(host, port))

const layerBelow = (configuration: Configuration, postgresUrl: string) => {
  const { natsUrl, redisUrl } = configuration
  const storage = { ...derive.storage(configuration, nameOf(configuration)), postgresUrl, redisUrl, natsUrl }
  const end = (error: Error) =>
    Effect.andThen(Effect.logFatal(error.message), Effect.sync(() => process.kill(process.pid, "SIGTERM")))
  const database = Layer.provideMerge(Exclusivity.layer("alone", end), Storage.layerPostgres(storage))
  return Layer.merge(LocalSharding.layer(derive.knobs(configuration)), Storage.layer(storage)).pipe(
    Layer.provideMerge(database)
  )
}

/** People try it out with whatever client they have: on one machine all grants are offered, unless the operator says otherwise. */
const alone = (configuration: Configuration): Configuration => ({ ...configuration, passwordGrant: configuration.passwordGrant ?? true })

/** Migrates, serves, says where, and stays until it is told to stop. `isEmbedded`: others find the database through us. */
export const serve = (given: Configuration, postgresUrl: string, isEmbedded: boolean) =>
  Effect.gen(function*() {
    const configuration = yield* withPort(given)
    yield* migrate.on(postgresUrl, derive.patience(configuration), configuration.shardsPerGroup)
    const below = yield* Layer.build(layerBelow(configuration, postgresUrl))
    const links = yield* DatacenterLinks.make(configuration, nameOf(configuration), derive.patience(configuration))
    const world = yield* Effect.provideContext(GossipWorld.make(configuration, links), below)
    const actors = yield* Layer.build(
      Layer.mergeAll(
        Entities.layer(derive.entities(configuration), world),
        Housekeeping.layer(configuration),
        MediaHousekeeping.layer,
        Past.layer(configuration),
        Discovery.layer(configuration),
        adminHints.layerListener
      ).pipe(
        Layer.provide(Layer.succeedContext(below))
      )
    )
    const listening = yield* Front.serve(derive.front(alone(configuration), "one"), derive.world(configuration, links, world?.copies)).pipe(
      Effect.mapError((error) => error._tag === "ListenError" ? new AdminError({ message: listenMessage(error) }) : error),
      Effect.provideContext(below),
      Effect.provideContext(actors)
    )
    const url = derive.urlOf(configuration.host, listening.port)
    if (isEmbedded) yield* noteWhere(configuration.dataDir, { pid: process.pid, postgresUrl, url })
    yield* Effect.sync(() => console.log(welcome(derive.version, url, configuration)))
    yield* announceReady
    yield* Effect.never
  }).pipe(
    Effect.ensuring(Effect.logInfo(Logs.names.stopping)),
    Effect.provide(Logs.layer(derive.logs(given)))
  )

const listenMessage = ({ cause, host, port }: { readonly cause: unknown; readonly host: string; readonly port: number }): string => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  if (code === "EADDRINUSE") return `${host}:${port} is taken by another program; choose another port, such as PORT=8081`
  return `cannot listen on ${host}:${port} (HOST, PORT): ${cause instanceof Error ? cause.message : String(cause)}`
}

const noteWhere = (dataDir: string, entry: OneFile.OneEntry) =>
  Effect.acquireRelease(Effect.promise(() => OneFile.write(dataDir, entry)), () => Effect.promise(() => OneFile.remove(dataDir)))
