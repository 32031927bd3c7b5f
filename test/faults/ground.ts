/**
 * A cluster to do harm to: servers of its own that can be stopped and started on their ports, runners as processes, and
 * a client that joins as a front does. Everything goes with the scope.
 */
import * as BusMemory from "@rookery/bus/memory/BusMemory"
import * as ClusterSockets from "@rookery/cluster/layers/ClusterSockets"
import { defaultKnobs } from "@rookery/cluster/layers/shardingKnobs"
import { findFreePort } from "@rookery/cluster/local/freePort"
import * as LocalCluster from "@rookery/cluster/local/LocalCluster"
import * as EmbeddedPostgres from "@rookery/cluster/servers/EmbeddedPostgres"
import { UNSAFE_BUT_FAST } from "@rookery/cluster/servers/LocalServers"
import { answers } from "@rookery/cluster/servers/readiness"
import * as NatsServer from "@rookery/cluster/servers/NatsServer"
import * as RedisServer from "@rookery/cluster/servers/RedisServer"
import type { ServerError } from "@rookery/cluster/servers/ServerProcess"
import * as LocalIds from "@rookery/store/memory/LocalIds"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { type Context, Effect, Exit, Latch, Layer, References, Scope } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join as joinPath } from "node:path"

/** A server that comes back where it was, with its data. */
export interface Server<A> {
  readonly now: () => A
  /** Stops it in order, waits, and starts it again. */
  readonly restart: (awayMillis: number) => Effect.Effect<void, ServerError>
}

export interface Ground extends LocalCluster.LocalCluster {
  readonly postgres: Server<EmbeddedPostgres.EmbeddedPostgres>
  readonly redis: Server<RedisServer.RedisServer>
  /** Empties Redis as `FLUSHALL` does. */
  readonly flushRedis: Effect.Effect<void>
  /** The end of what every member said, for a test that failed. */
  readonly said: () => string
}

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(joinPath(tmpdir(), "rookery-faults-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true, maxRetries: 5 }))
)

export const restartable = <A extends { readonly port: number }>(
  start: (port: number | undefined) => Effect.Effect<A, ServerError, Scope.Scope>
): Effect.Effect<Server<A>, ServerError, Scope.Scope> =>
  Effect.gen(function*() {
    const parent = yield* Effect.scope
    let scope = yield* Scope.fork(parent)
    let server = yield* Scope.provide(start(undefined), scope)
    const restart = (awayMillis: number) =>
      Effect.gen(function*() {
        yield* Scope.close(scope, Exit.void)
        yield* Effect.sleep(awayMillis)
        scope = yield* Scope.fork(parent)
        server = yield* Scope.provide(start(server.port), scope)
      })
    return { now: () => server, restart }
  })

const linesKept = 400

/** Servers and database, without members yet. `env` is for all members, by the names of their settings. */
export const make = (env: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const path = yield* folder
    const postgres = yield* restartable((port) =>
      EmbeddedPostgres.start({ folder: joinPath(path, "postgres"), port, settings: UNSAFE_BUT_FAST }))
    const redis = yield* restartable((port) => RedisServer.start({ folder: joinPath(path, "redis"), port }))
    const nats = yield* NatsServer.start({ folder: joinPath(path, "nats") })
    const lines: Array<string> = []
    const cluster = yield* LocalCluster.make({
      folder: path,
      servers: { postgresUrl: postgres.now().url, redisUrl: redis.now().url, natsUrl: nats.url },
      env,
      onLine: (member, line) => {
        if (lines.push(`${new Date().toISOString()} ${member}: ${line}`) > linesKept) lines.shift()
      }
    })
    const flushRedis = Effect.asVoid(Effect.promise(() => answers(redis.now().port, "FLUSHALL\r\n", "+OK")))
    return { ...cluster, postgres, redis, flushRedis, said: () => lines.join("\n") } satisfies Ground
  })

/** Nobody else mints ids under this machine: the members lease the lowest that are free. */
const clientMachine = 1_000

/** What a caller needs, as a member of the cluster without shards. */
export const join = (ground: Ground) =>
  Effect.gen(function*() {
    const registered = Latch.makeUnsafe()
    const member = { host: "127.0.0.1", port: yield* findFreePort, holdsShards: false }
    const context = yield* Layer.build(
      ClusterSockets.layer(defaultKnobs, member, registered).pipe(
        Layer.provideMerge([
          TestCluster.stores(ground.postgresUrl, "fault tests"),
          LocalIds.layer(clientMachine),
          BusMemory.layer
        ])
      )
    )
    yield* registered.await
    return context
  })

/** What {@link join} gives a caller. */
type Joined = ReturnType<typeof join> extends Effect.Effect<Context.Context<infer S>, infer _E, infer _R> ? S : never

/**
 * Runs `use` on new ground, as a caller of its actors; it starts the members itself. Nothing of it is left afterwards,
 * and what the members said is told when it fails.
 */
export const withGround = <A, E>(
  env: Readonly<Record<string, string>>,
  use: (ground: Ground) => Effect.Effect<A, E, Joined | Scope.Scope>
) =>
  Effect.gen(function*() {
    const ground = yield* make(env)
    const context = yield* join(ground)
    return yield* use(ground).pipe(
      Effect.provideContext(context),
      Effect.onError(() => Effect.sync(() => console.log(ground.said())))
    )
  }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error"))

/** One line of a runner's metrics. */
export const metric = (member: LocalCluster.Member, name: string): Effect.Effect<number> =>
  Effect.promise(async () => {
    const text = await (await fetch(`${member.url}/metrics`)).text()
    return Number(new RegExp(`^${name} ([0-9.e+]+)$`, "m").exec(text)?.[1] ?? Number.NaN)
  })
