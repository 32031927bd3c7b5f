/** One of several datacenters on this machine: started, stopped and started again at the same addresses with its data. */
import type { Datacenter, Topology } from "@rookery/config/Topology"
import { Effect, Exit, Scope } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as EmbeddedPostgres from "../servers/EmbeddedPostgres.ts"
import * as Flow from "../servers/LinkFlow.ts"
import * as LinkProxy from "../servers/LinkProxy.ts"
import * as RedisServer from "../servers/RedisServer.ts"
import type { ServerError } from "../servers/ServerProcess.ts"
import { findFreePort } from "./freePort.ts"
import type { LinkedNats } from "./LinkedNats.ts"
import type { LinkNetwork } from "./LinkNetwork.ts"
import * as LocalCluster from "./LocalCluster.ts"
import type { MemberError } from "./MemberProcess.ts"
import * as stateFile from "./stateFile.ts"

export interface Members {
  readonly runners: number
  readonly fronts: number
}

export type StartError = ServerError | MemberError | Error

export interface LocalDatacenter {
  readonly name: string
  /** Any of its fronts, as its own clients reach them: stays the same while fronts come and go. */
  readonly frontsUrl: string
  readonly natsUrl: string
  /** For the command line: `env $(cat FILE) npm run rookery -- …` administers this datacenter. Written at each start. */
  readonly envFile: string
  /** What its programs are told. Undefined while it is stopped. */
  readonly env: () => Readonly<Record<string, string>> | undefined
  /** Undefined while it is stopped. */
  readonly cluster: () => LocalCluster.LocalCluster | undefined
  /** Servers first, then members; as many as ran when it was stopped, unless given. Nothing happens when it runs. */
  readonly start: (members?: Members) => Effect.Effect<void, StartError>
  /** Members in order, then servers. Nothing happens when it is stopped. */
  readonly stop: Effect.Effect<void>
  /** Its NATS server alone, while the rest of it runs. */
  readonly stopNats: Effect.Effect<void>
  readonly startNats: Effect.Effect<void, ServerError>
  /** Removes all that its NATS server kept; only while that is stopped. */
  readonly wipeNats: Effect.Effect<void>
}

export interface World {
  readonly names: ReadonlyArray<string>
  readonly network: LinkNetwork
  readonly nats: ReadonlyMap<string, LinkedNats>
  readonly machines: ReadonlyMap<string, Datacenter["machines"]>
  readonly all: Map<string, LocalDatacenter & { readonly prepare: Effect.Effect<void> }>
}

interface State {
  readonly world: World
  readonly name: string
  readonly options: LocalCluster.Options
  readonly ports: { readonly postgres: number; readonly redis: number }
  /** Of the whole life; what runs now has a scope below it. */
  readonly scope: Scope.Scope
  running: Running | undefined
  /** How many of each are started when nothing is said. */
  members: Members
}

interface Running {
  readonly scope: Scope.Closeable
  readonly env: Readonly<Record<string, string>>
  readonly cluster: LocalCluster.LocalCluster
  nats: Scope.Closeable | undefined
}

/** Stopped, and not yet prepared: `prepare` writes its topology once all datacenters are made. */
export const make = Effect.fnUntraced(function*(world: World, name: string, options: LocalCluster.Options) {
  const state: State = {
    world,
    name,
    options,
    ports: { postgres: yield* findFreePort, redis: yield* findFreePort },
    scope: yield* Effect.scope,
    running: undefined,
    members: { runners: 1, fronts: 1 }
  }
  const doors = yield* openDoors(state)
  const datacenter: LocalDatacenter & { readonly prepare: Effect.Effect<void> } = {
    name,
    frontsUrl: doors.get(name)!,
    natsUrl: world.nats.get(name)!.url,
    envFile: join(options.folder, "datacenter.env"),
    prepare: Effect.promise(() => writeFiles(state, doors)),
    env: () => state.running?.env,
    cluster: () => state.running?.cluster,
    start: (members) => Effect.suspend(() => state.running === undefined ? start(state, members ?? state.members) : Effect.void),
    stop: Effect.suspend(() => stop(state)),
    stopNats: Effect.suspend(() => stopNats(state)),
    startNats: Effect.suspend(() => startNats(state)),
    wipeNats: world.nats.get(name)!.wipe
  }
  return datacenter
})

/** By datacenter, where this one reaches its fronts; its own without a way between. */
const openDoors = Effect.fnUntraced(function*({ name, world }: State) {
  const doors = new Map<string, string>()
  for (const to of world.names) {
    const target = () => anyFront(world, to)
    const inside = { target, conditions: { forth: Flow.makeWay(0, 0), back: Flow.makeWay(0, 0) } }
    const door = to === name ? LinkProxy.start(inside) : world.network.proxy(name, to, target)
    doors.set(to, `http://127.0.0.1:${(yield* door).port}`)
  }
  return doors
})

const anyFront = (world: World, name: string) => {
  const fronts = world.all.get(name)?.cluster()?.members().filter(({ kind }) => kind === "front") ?? []
  const front = fronts[Math.floor(Math.random() * fronts.length)]
  return front === undefined ? undefined : { host: "127.0.0.1", port: Number(new URL(front.url).port) }
}

const topologyFile = ({ options }: State): string => join(options.folder, "topology.json")
const credentialsFile = ({ options }: State): string => join(options.folder, "links.json")

/** Addresses are as this datacenter sees them: the way to each other one is its own. */
const writeFiles = async (state: State, doors: ReadonlyMap<string, string>): Promise<void> => {
  const { name, world } = state
  const topology: Topology = {
    datacenters: world.names.map((other) => {
      const { leafUrl, url } = world.nats.get(other)!
      return { name: other, machines: world.machines.get(other)!, nats: { url, leafUrl }, fronts: [doors.get(other)!] }
    })
  }
  await stateFile.write(topologyFile(state), topology)
  await stateFile.write(credentialsFile(state), world.nats.get(name)!.credentials)
}

const start = (state: State, members: Members): Effect.Effect<void, StartError> =>
  Effect.gen(function*() {
    const scope = yield* Scope.fork(state.scope)
    const begin = Effect.gen(function*() {
      const servers = yield* startServers(state, scope)
      const env = envOf(state, servers.urls)
      yield* Effect.promise(() => writeEnvFile(state, env))
      const cluster = yield* LocalCluster.make({ ...state.options, servers: servers.urls, env }).pipe(Scope.provide(scope))
      state.running = { scope, env, cluster, nats: servers.nats }
      const many = <A, E>(times: number, effect: Effect.Effect<A, E>) =>
        Effect.all(Array.from({ length: times }, () => effect), { concurrency: 2, discard: true })
      yield* many(members.runners, cluster.startRunner())
      yield* many(members.fronts, cluster.startFront())
    })
    yield* Effect.onError(begin, (cause) => {
      state.running = undefined
      return Scope.close(scope, Exit.failCause(cause))
    })
  })

const startServers = Effect.fnUntraced(function*({ name, options, ports, world }: State, scope: Scope.Closeable) {
  const nats = yield* Scope.fork(scope)
  const all = yield* Effect.all({
    postgres: EmbeddedPostgres.start({
      folder: join(options.folder, "postgres"),
      port: ports.postgres,
      settings: options.postgresSettings ?? {}
    }).pipe(Scope.provide(scope)),
    redis: RedisServer.start({ folder: join(options.folder, "redis"), port: ports.redis }).pipe(Scope.provide(scope)),
    nats: world.nats.get(name)!.start.pipe(Scope.provide(nats))
  }, { concurrency: "unbounded" })
  return { nats, urls: { postgresUrl: all.postgres.socketUrl, redisUrl: all.redis.url, natsUrl: all.nats.url } }
})

const envOf = (state: State, urls: LocalCluster.ServerUrls): Readonly<Record<string, string>> => ({
  ...state.options.env,
  DATABASE_URL: urls.postgresUrl,
  REDIS_URL: urls.redisUrl,
  NATS_URL: urls.natsUrl,
  DATACENTER: state.name,
  TOPOLOGY: topologyFile(state),
  LINK_CREDENTIALS: credentialsFile(state)
})

const writeEnvFile = ({ options }: State, env: Readonly<Record<string, string>>): Promise<void> =>
  writeFile(join(options.folder, "datacenter.env"), Object.entries(env).map(([key, value]) => `${key}=${value}\n`).join(""), {
    mode: 0o600
  })

const stop = (state: State): Effect.Effect<void> => {
  const { running } = state
  if (running === undefined) return Effect.void
  const count = (kind: LocalCluster.Kind) => running.cluster.members().filter((member) => member.kind === kind).length
  state.members = { runners: count("runner"), fronts: count("front") }
  state.running = undefined
  return Scope.close(running.scope, Exit.void)
}

const stopNats = ({ running }: State): Effect.Effect<void> => {
  if (running?.nats === undefined) return Effect.void
  const { nats } = running
  running.nats = undefined
  return Scope.close(nats, Exit.void)
}

const startNats = ({ name, running, world }: State): Effect.Effect<void, ServerError> =>
  Effect.gen(function*() {
    if (running === undefined || running.nats !== undefined) return
    const scope = yield* Scope.fork(running.scope)
    yield* world.nats.get(name)!.start.pipe(
      Scope.provide(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    running.nats = scope
  })
