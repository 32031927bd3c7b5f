/** What a runner and a front have in common: membership, stores, logs, and saying that they serve. */
import type { Links } from "@rookery/bus/Links"
import type { Configuration } from "@rookery/config/Load"
import * as Logs from "@rookery/observe/Logs"
import { checkMember } from "@rookery/store/postgres/migrate"
import { Effect, Latch, Layer, type Scope } from "effect"
import { AdminError } from "../admin/AdminError.ts"
import * as ClusterSockets from "../layers/ClusterSockets.ts"
import * as DatacenterLinks from "../layers/DatacenterLinks.ts"
import * as Exclusivity from "../layers/Exclusivity.ts"
import * as processName from "../layers/processName.ts"
import * as Storage from "../layers/Storage.ts"
import * as derive from "./derive.ts"
import { announceReady } from "./main.ts"

/** How long joining the cluster may take once Postgres answers. */
const REGISTER_LIMIT_S = 30

export const addressOf = (configuration: Configuration): string => `${configuration.runnerHost}:${configuration.runnerPort}`

/** A cluster needs its servers: what one process keeps in memory the others do not see. */
const storageOptions = (configuration: Configuration, kind: string): Effect.Effect<Storage.Options, AdminError> => {
  const { databaseUrl: postgresUrl, host, natsUrl, port, redisUrl } = configuration
  const urls = { DATABASE_URL: postgresUrl, REDIS_URL: redisUrl, NATS_URL: natsUrl }
  const missing = Object.entries(urls).filter(([, url]) => url === undefined).map(([name]) => name)
  if (postgresUrl === undefined || missing.length > 0) {
    return Effect.fail(new AdminError({ message: `a ${kind} needs ${missing.join(", ")} to be set` }))
  }
  const name = processName.make(kind, addressOf(configuration), derive.urlOf(host, port))
  return Effect.succeed({ ...derive.storage(configuration, name), postgresUrl, redisUrl, natsUrl })
}

const layerBelow = (configuration: Configuration, storage: Storage.Options, holdsShards: boolean, registered: Latch.Latch) => {
  const end = (error: Error) =>
    Effect.andThen(Effect.logFatal(error.message), Effect.sync(() => process.kill(process.pid, "SIGTERM")))
  const agrees = Layer.effectDiscard(checkMember(derive.agreed(configuration)))
  const database = Layer.provideMerge(Layer.provideMerge(agrees, Exclusivity.layer("member", end)), Storage.layerPostgres(storage))
  const sockets = ClusterSockets.layer(derive.knobs(configuration), derive.member(configuration, holdsShards), registered)
  return Layer.mergeAll(sockets, Storage.layer(storage)).pipe(Layer.provideMerge(database))
}

type Below = Layer.Success<ReturnType<typeof layerBelow>>

/** Joins the cluster, starts what `serve` starts, and stays until it is told to stop. `links` are there when there are other datacenters. */
export const run = <E>(
  configuration: Configuration,
  kind: "runner" | "front",
  serve: (links: Links["Service"] | undefined) => Effect.Effect<void, E, Below | Scope.Scope>
) => {
  const life = Effect.gen(function*() {
    const registered = Latch.makeUnsafe()
    const storage = yield* storageOptions(configuration, kind)
    yield* Effect.logInfo(Logs.names.starting).pipe(Effect.annotateLogs({ kind, address: addressOf(configuration) }))
    const below = yield* Layer.build(layerBelow(configuration, storage, kind === "runner", registered))
    // A request must not leave under a machine number that another member has.
    yield* registered.await.pipe(Effect.timeoutOrElse({
      duration: REGISTER_LIMIT_S * 1000,
      orElse: () => Effect.fail(new AdminError({ message: `the cluster could not be joined within ${REGISTER_LIMIT_S} s` }))
    }))
    const links = yield* DatacenterLinks.make(configuration, storage.processName, storage.patience)
    yield* Effect.provideContext(serve(links), below)
    yield* Effect.logInfo(Logs.names.ready).pipe(Effect.annotateLogs({ kind, address: addressOf(configuration) }))
    yield* announceReady
    yield* Effect.never
  })
  return Effect.scoped(life).pipe(Effect.provide(Logs.layer(derive.logs(configuration))))
}
