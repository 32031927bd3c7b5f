/**
 * A real cluster on this machine: Postgres, Redis and NATS of its own, and any number of runners and fronts as separate
 * processes. The local cluster program, the fault tests and the benches start, kill, stop and continue members with it.
 * Nothing is restarted by itself, and nothing outlives the scope (or, on Linux, this process).
 */
import { Effect, Exit, Scope } from "effect"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as LocalServers from "../servers/LocalServers.ts"
import { findFreePort } from "./freePort.ts"
import * as MemberProcess from "./MemberProcess.ts"

export interface Options {
  /** Holds the servers' data; what is there is used again. */
  readonly folder: string
  /** Settings of the embedded Postgres over its own, such as `UNSAFE_BUT_FAST` for tests. */
  readonly postgresSettings?: Readonly<Record<string, string>> | undefined
  /** Servers that run already, instead of own ones: tests share theirs. */
  readonly servers?: ServerUrls | undefined
  /** Settings of Rookery for every member, by the names of their environment variables. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Gets every line of every member, with the member's name. */
  readonly onLine?: ((member: string, line: string) => void) | undefined
}

export interface ServerUrls {
  readonly postgresUrl: string
  readonly redisUrl: string
  readonly natsUrl: string
}

export type Kind = "runner" | "front"

export interface Member extends MemberProcess.MemberProcess {
  readonly kind: Kind
  /** Counts up from 1 for each kind, and is never used again. */
  readonly number: number
  /** Where the cluster reaches it. */
  readonly clusterPort: number
  /** `/metrics`, `/health` and `/ready`. For a front this is the address that clients use. */
  readonly url: string
}

export interface StartOptions {
  /** Over the cluster's. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** A free one if left out. Give it to come back at the same address. */
  readonly port?: number | undefined
}

export interface LocalCluster extends ServerUrls {
  /** Processes of the servers, for tests that stop them; undefined when they are shared. */
  readonly servers: LocalServers.LocalServers | undefined
  readonly startRunner: (options?: StartOptions) => Effect.Effect<Member, MemberProcess.MemberError>
  readonly startFront: (options?: StartOptions) => Effect.Effect<Member, MemberProcess.MemberError>
  /** Those that run now. */
  readonly members: () => ReadonlyArray<Member>
}

const PROGRAM = fileURLToPath(new URL("../rookery.ts", import.meta.url))

/** Starts the servers and migrates the database; members are started after that. All of it stops with the scope. */
export const make = Effect.fnUntraced(function*(options: Options) {
  const servers = options.servers === undefined
    ? yield* LocalServers.start(options.folder, options.postgresSettings)
    : undefined
  const urls = options.servers ?? urlsOf(servers!)
  const state: State = {
    options,
    env: {
      MEDIA_FOLDER: resolve(options.folder, "media"),
      ...options.env,
      // Members are of this machine; whoever is told of the address may not be allowed into the folder.
      DATABASE_URL: servers?.postgres.socketUrl ?? urls.postgresUrl,
      REDIS_URL: urls.redisUrl,
      NATS_URL: urls.natsUrl
    },
    scope: yield* Scope.fork(yield* Effect.scope, "parallel"),
    counts: { runner: 0, front: 0 },
    running: new Set()
  }
  yield* migrate(state)
  const cluster: LocalCluster = {
    ...urls,
    servers,
    startRunner: (start = {}) => startMember(state, "runner", start),
    startFront: (start = {}) => startMember(state, "front", start),
    members: () => [...state.running].filter((member) => member.isRunning())
  }
  return cluster
})

interface State {
  readonly options: Options
  readonly env: Readonly<Record<string, string>>
  /** Of the members; it ends before the servers do. */
  readonly scope: Scope.Scope
  readonly counts: Record<Kind, number>
  readonly running: Set<Member>
}

const urlsOf = (servers: LocalServers.LocalServers): ServerUrls => ({
  postgresUrl: servers.postgres.url,
  redisUrl: servers.redis.url,
  natsUrl: servers.nats.url
})

const startMember = Effect.fnUntraced(function*(state: State, kind: Kind, start: StartOptions) {
  const number = ++state.counts[kind]
  const clusterPort = yield* findFreePort
  const httpPort = start.port ?? (yield* findFreePort)
  const name = `${kind} ${number}`
  const scope = yield* Scope.fork(state.scope, "sequential")
  const process = yield* MemberProcess.start({
    name,
    program: PROGRAM,
    args: [kind],
    env: {
      ...state.env,
      HOST: "127.0.0.1",
      PORT: `${httpPort}`,
      RUNNER_HOST: "127.0.0.1",
      RUNNER_PORT: `${clusterPort}`,
      ...start.env
    },
    onLine: (line) => state.options.onLine?.(name, line)
  }).pipe(Scope.provide(scope), Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))))
  const member: Member = { ...process, kind, number, clusterPort, url: `http://127.0.0.1:${httpPort}` }
  state.running.add(member)
  yield* Effect.forkIn(
    Effect.andThen(member.exited, () => Effect.sync(() => state.running.delete(member))),
    state.scope
  )
  return member
})

/** Once, before the members start side by side. */
const migrate = (state: State): Effect.Effect<void, MemberProcess.MemberError> =>
  Effect.scoped(MemberProcess.runToEnd({
    name: "migrate",
    program: PROGRAM,
    args: ["migrate"],
    env: state.env,
    onLine: (line) => state.options.onLine?.("migrate", line)
  }))
