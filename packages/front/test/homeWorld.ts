/** Fronts of several datacenters in one process, each with a database of its own, joined by links in memory and by relays. */
import { inject } from "@effect/vitest"
import { Links } from "@rookery/bus/Links"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import * as Datacenters from "@rookery/domain/Datacenters"
import * as NoSnapshots from "@rookery/testkit/NoSnapshots"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as Front from "../src/Front.ts"
import { type Client, makeClient, settingsOf, type Someone } from "./frontWorld.ts"
import * as Relay from "./relay.ts"

const names = ["east", "west", "south"]
const blocks = names.map((name, i) => ({ name, machines: { first: 10 * i, last: 10 * i + 9 } }))

export interface Datacenter {
  readonly client: Client
  /** The way of the others to its front. */
  readonly relay: Relay.Relay
  /** Makes an account of another datacenter known here, as gossip does. */
  readonly tellOf: (person: Someone, username: string) => Effect.Effect<void>
  /** Stops its front, as SIGTERM does. */
  readonly stop: Effect.Effect<void>
}

export interface World {
  readonly links: LinksMemory.World
  readonly all: ReadonlyArray<Datacenter>
}

const limits = { passConnectMillis: 2_000, passHeadMillis: 5_000, pingMillis: 2_000 }

const shadow = (sql: SqlClient.SqlClient, { id }: Someone, username: string) =>
  Effect.asVoid(sql`
    WITH made AS (
      INSERT INTO accounts (id, shard, username, username_key, remote) VALUES (${BigInt(id)}, 1, ${username}, ${username}, true)
      RETURNING id, no
    ) INSERT INTO authors (account, no) SELECT id, no FROM made`).pipe(Effect.orDie)

const datacenter = (links: LinksMemory.World, relays: ReadonlyArray<Relay.Relay>, own: number) =>
  Effect.gen(function*() {
    const name = names[own]!
    const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
    const cluster = TestCluster.layer({ databaseUrl, snapshots: NoSnapshots.layer, machine: 10 * own })
    const context = yield* Layer.build(Layer.merge(Layer.fresh(cluster), links.layer(name)))
    const world = {
      datacenters: Datacenters.make(blocks, name),
      fronts: relays.map(({ url }) => [url]),
      links: Context.get(context, Links)
    }
    const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
    const settings = settingsOf({ settings: { frontId: `front-${name}`, trustedProxies: ["127.0.0.1"] }, limits })
    const { host, port } = yield* Front.serve(settings, world).pipe(Scope.provide(scope), Effect.provideContext(context))
    relays[own]!.aim(port)
    const made: Datacenter = {
      client: makeClient(`http://${host}:${port}`),
      relay: relays[own]!,
      tellOf: (person, username) => shadow(Context.get(context, SqlClient.SqlClient), person, username),
      stop: Scope.close(scope, Exit.void)
    }
    return made
  })

/** Runs `use` against three datacenters. */
export const withWorld = <E>(use: (world: World) => Effect.Effect<void, E, Scope.Scope>) =>
  Effect.scoped(Effect.gen(function*() {
    const links = LinksMemory.make(names)
    const relays = yield* Effect.forEach(names, () => Relay.make)
    const all = yield* Effect.forEach(names, (_, own) => datacenter(links, relays, own), { concurrency: "unbounded" })
    yield* use({ links, all })
  }))

/** Nothing gets through to the datacenter, by link or by HTTP. */
export const cutOff = ({ all, links }: World, name: number, isCut = true): void => {
  const change = isCut ? links.cut : links.heal
  for (const other of names.filter((_, i) => i !== name)) {
    change(names[name]!, other)
    change(other, names[name]!)
  }
  all[name]!.relay.set(isCut ? "refuse" : "open")
}
