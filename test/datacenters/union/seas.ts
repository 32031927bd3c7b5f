/**
 * Complete datacenters in this process: each with the real actors over a database of its own, joined by links in memory that are
 * rough and can be cut. A datacenter is stopped and comes back with its database; its clock is wrong by as much as one likes.
 */
import { Links } from "@rookery/bus/Links"
import * as Datacenters from "@rookery/domain/Datacenters"
import * as World from "@rookery/entities/gossip/World"
import type { Settings } from "@rookery/entities/Settings"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import * as CopyStore from "@rookery/store/CopyStore"
import { GossipStore } from "@rookery/store/GossipStore"
import * as CopyStoreMemory from "@rookery/store/memory/CopyStoreMemory"
import * as SnapshotStoreMemory from "@rookery/store/memory/SnapshotStoreMemory"
import * as Gossip from "@rookery/store/postgres/gossip/GossipStorePostgres"
import * as Client from "@rookery/testkit/Client"
import * as Seeded from "@rookery/testkit/Seeded"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Clock, Context, Effect, Exit, Layer, Scope } from "effect"
import * as Rough from "./rough.ts"
import * as Waters from "./waters.ts"

export interface Options {
  readonly postgresUrl: string
  readonly seed: number
  readonly datacenters: number
  readonly settings?: Partial<Settings>
  /** By how much each datacenter's clock is ahead, in milliseconds; none unless given. */
  readonly clocks?: ReadonlyArray<number>
  readonly twice?: number
  readonly heldMillis?: number
  readonly unanswered?: number
  /** In memory unless given. */
  readonly waters?: (names: ReadonlyArray<string>) => Effect.Effect<Waters.Waters, unknown, Scope.Scope>
  /** Copies of contents that each keeps. */
  readonly copiesMax?: number
  readonly gossip?: Partial<World.GossipSettings>
}

const tombstoneMillis = 40 * 86_400_000

const wellKnown = ["east", "west", "south", "north"]
const machinesEach = 100

type Cluster = Layer.Success<ReturnType<typeof TestCluster.layer>>

/** A datacenter while it runs. */
export interface Life {
  readonly context: Context.Context<Cluster | GossipStore>
  readonly client: Client.Client
  readonly world: World.World
  readonly scope: Scope.Closeable
}

export interface Datacenter {
  readonly number: number
  readonly name: string
  readonly rough: Rough.Rough
  readonly sent: Rough.Sent
  readonly life: () => Life | undefined
  readonly start: Effect.Effect<void, unknown>
  readonly stop: Effect.Effect<void>
  /** Fails while it is stopped. */
  readonly run: <A, E>(effect: Effect.Effect<A, E, Cluster | GossipStore>) => Effect.Effect<A, E>
}

export interface Seas {
  readonly all: Array<Datacenter>
  readonly waters: Waters.Waters
}

interface Plan {
  readonly options: Options
  readonly names: ReadonlyArray<string>
  readonly waters: Waters.Waters
  readonly random: Seeded.Seeded
}

const topology = (names: ReadonlyArray<string>, own: string) =>
  Datacenters.make(
    names.map((name, i) => ({ name, machines: { first: machinesEach * i, last: machinesEach * (i + 1) - 1 } })),
    own
  )

/** The wall clock of a datacenter that is wrong; its pauses are as long as anybody's. */
const shifted = (clock: Clock.Clock, millis: number): Clock.Clock =>
  Object.assign(Object.create(clock) as Clock.Clock, {
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + millis,
    currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis),
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(millis) * 1_000_000n,
    currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + BigInt(millis) * 1_000_000n)
  })

const patience = { attemptMillis: 10_000, patienceMillis: 30_000 }

/** Quick about everything that waits. */
const gossipSettings = {
  ...World.defaults,
  countsMillis: 200,
  tombstoneMillis,
  repairMillis: 500,
  walkMillis: 500,
  hurriedWalkMillis: 10,
  graceMillis: 1_000
}

type Known = Pick<Datacenter, "number" | "name" | "rough" | "sent">

/** What the loops of gossip get. */
const worldOf = (plan: Plan, { name, rough, sent }: Known) =>
  Effect.gen(function*() {
    const datacenters = topology(plan.names, name)
    const { shardOf } = yield* ShardDirectory.make
    const stores = Layer.merge(Gossip.layer({ datacenters, shardOf, tombstoneMillis }), CopyStoreMemory.layer({ ...CopyStore.defaults, copiesMax: plan.options.copiesMax ?? CopyStore.defaults.copiesMax }))
    const context = yield* Layer.build(Layer.merge(stores, plan.waters.links(name)))
    const gossip = Context.get(context, GossipStore)
    const links = Rough.make(Context.get(context, Links), rough, plan.random.fork(), sent)
    return { datacenters, links, gossip, copies: Context.get(context, CopyStore.CopyStore), settings: { ...gossipSettings, ...plan.options.gossip } }
  })

const begin = (plan: Plan, databaseUrl: string, of: Known, machine: number) =>
  Effect.gen(function*() {
    const scope = yield* Scope.fork(yield* Effect.scope, "sequential")
    const snapshots = SnapshotStoreMemory.layer({ entriesMax: 10_000, ttlSeconds: 600 })
    const settings = { sweepMillis: 100, claimMillis: 2_000, ...plan.options.settings }
    let kept: World.World | undefined
    const world = Effect.tap(worldOf(plan, of), (made) => Effect.sync(() => void (kept = made)))
    const cluster = yield* Layer.buildWithMemoMap(
      TestCluster.layer({ databaseUrl, snapshots, settings, machine, world }),
      Layer.makeMemoMapUnsafe(),
      scope
    )
    const client = yield* Effect.provideContext(Client.make(patience), cluster)
    const life: Life = { context: Context.add(cluster, GossipStore, kept!.gossip), client, world: kept!, scope }
    return life
  })

/** Each life mints under a machine of its own. */
const makeOne = (plan: Plan, name: string, number: number) =>
  Effect.gen(function*() {
    const databaseUrl = yield* TestCluster.database(plan.options.postgresUrl)
    const { heldMillis = 0, twice = 0, unanswered = 0 } = plan.options
    const of = { number, name, rough: { away: false, heldMillis, twice, unanswered }, sent: { messages: 0, bytes: 0 } }
    const scope = yield* Effect.scope
    const clock = shifted(yield* Clock.Clock, plan.options.clocks?.[number] ?? 0)
    let life: Life | undefined
    let lives = 0
    const datacenter: Datacenter = {
      ...of,
      life: () => life,
      start: Effect.suspend(() =>
        life !== undefined ? Effect.void : begin(plan, databaseUrl, of, machinesEach * number + lives++).pipe(
          Effect.provideService(Clock.Clock, clock),
          Scope.provide(scope),
          Effect.map((begun) => void (life = begun))
        )
      ),
      stop: Effect.suspend(() => {
        if (life === undefined) return Effect.void
        const ending = Scope.close(life.scope, Exit.void)
        life = undefined
        return ending
      }),
      run: (effect) =>
        Effect.suspend(() => life === undefined ? Effect.die(new Error(`${name} is stopped`)) : Effect.provideContext(effect, life.context))
    }
    yield* datacenter.start
    return datacenter
  })

/** All of them run. */
export const make = (options: Options) =>
  Effect.gen(function*() {
    const names = Array.from({ length: options.datacenters }, (_, i) => wellKnown[i] ?? `dc${i + 1}`)
    const waters = yield* options.waters?.(names) ?? Effect.succeed(Waters.inMemory(names))
    const plan: Plan = { options, names, waters, random: Seeded.make(options.seed).fork() }
    const all: Array<Datacenter> = yield* Effect.forEach(names, (name, i) => makeOne(plan, name, i))
    return { all, waters } satisfies Seas
  })
