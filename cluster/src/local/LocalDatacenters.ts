/**
 * Several complete datacenters on this machine: each a real cluster with Postgres, Redis and NATS of its own, the NATS servers
 * linked, and every byte between two datacenters (their links, and the requests that fronts pass on) through a proxy with
 * latency, losses and cuts. Nothing is restarted by itself, and nothing outlives the scope.
 */
import { Effect } from "effect"
import { join } from "node:path"
import * as LinkedNats from "./LinkedNats.ts"
import * as LinkNetwork from "./LinkNetwork.ts"
import type * as LocalCluster from "./LocalCluster.ts"
import * as Datacenter from "./LocalDatacenter.ts"

export interface Options extends Pick<LocalCluster.Options, "folder" | "postgresSettings" | "env"> {
  /** In the topology's order; see {@link namesOf}. */
  readonly datacenters: ReadonlyArray<string>
  /** Between any two, one way, in milliseconds; 0 unless given. */
  readonly latencyMillis?: number | undefined
  /** Of packets between any two, 0…1; 0 unless given. */
  readonly loss?: number | undefined
  readonly random?: (() => number) | undefined
  /** Settings of one datacenter's members over those of all. */
  readonly envOf?: ((datacenter: string) => Readonly<Record<string, string>>) | undefined
  /** Gets every line of every member. */
  readonly onLine?: ((datacenter: string, member: string, line: string) => void) | undefined
}

export interface LocalDatacenters {
  readonly datacenters: ReadonlyArray<Datacenter.LocalDatacenter>
  /** Throws `RangeError` when there is none of this name. */
  readonly datacenter: (name: string) => Datacenter.LocalDatacenter
  /** Cuts and heals the ways between them. */
  readonly network: LinkNetwork.LinkNetwork
}

const wellKnown = ["east", "west", "south", "north"]
export const datacentersMax = 8

/** `east`, `west`, `south`, `north`, `dc5` … */
export const namesOf = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, i) => wellKnown[i] ?? `dc${i + 1}`)

/** The machine ids are split evenly. */
const machinesOf = (index: number, count: number) => ({
  first: Math.floor((index * 1_024) / count),
  last: Math.floor(((index + 1) * 1_024) / count) - 1
})

/** Prepares all and starts none of them. */
export const make = Effect.fnUntraced(function*(options: Options) {
  const { datacenters: names, envOf, folder, onLine } = options
  const network = LinkNetwork.make({
    datacenters: names,
    latencyMillis: options.latencyMillis,
    loss: options.loss,
    random: options.random
  })
  const nats = yield* LinkedNats.make((name) => join(folder, name, "nats"), network)
  const machines = new Map(names.map((name, i) => [name, machinesOf(i, names.length)]))
  const world: Datacenter.World = { names, network, nats, machines, all: new Map() }
  for (const name of names) {
    world.all.set(name, yield* Datacenter.make(world, name, {
      folder: join(folder, name),
      postgresSettings: options.postgresSettings,
      env: { ...options.env, ...envOf?.(name) },
      onLine: (member, line) => onLine?.(name, member, line)
    }))
  }
  yield* Effect.forEach(world.all.values(), ({ prepare }) => prepare, { discard: true })
  const result: LocalDatacenters = {
    datacenters: [...world.all.values()],
    datacenter: (name) => {
      const found = world.all.get(name)
      if (found === undefined) throw new RangeError(`there is no datacenter ${name}`)
      return found
    },
    network
  }
  return result
})
