/**
 * The datacenters of one world: the machine ids that each owns (the machine in an id names the datacenter that minted
 * it), the username slots that each decides about, and where the others reach it. The file is the same everywhere, or
 * differs in addresses alone; secrets are not in it (`LinkCredentials.ts`).
 */
import { machineMax } from "@rookery/domain/Snowflake"
import * as UsernameSlots from "@rookery/domain/UsernameSlots"
import { Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { isAbsolute } from "node:path"

const Machine = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: machineMax }))
const Slot = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: UsernameSlots.slotCount - 1 }))

const address = (pattern: RegExp) => Schema.String.check(Schema.isPattern(pattern), Schema.isMaxLength(500))

export const datacentersMax = 64
/** Of addresses in one list. */
const addressesMax = 32

export const Datacenter = Schema.Struct({
  name: Schema.String.check(Schema.isPattern(/^[\w-]{1,32}$/)),
  /** Both inclusive. */
  machines: Schema.Struct({ first: Machine, last: Machine }),
  /** Its NATS server: where its own processes reach it, and where the servers of others connect as leaf nodes. */
  nats: Schema.optionalKey(Schema.Struct({ url: address(/^(nats|tls):\/\/[^/?#\s@]+$/), leafUrl: address(/^(nats-leaf|tls):\/\/[^/?#\s@]+$/) })),
  /** Where fronts of other datacenters reach the fronts of this one; any of them will do. */
  fronts: Schema.optionalKey(Schema.Array(address(/^https?:\/\/[^/?#\s@]+$/)).check(Schema.isMinLength(1), Schema.isMaxLength(addressesMax))),
  /** What addresses of its pictures begin with: its MEDIA_BASE_URL. Left out: fronts of the others pass pictures on from its fronts. */
  media: Schema.optionalKey(address(/^https?:\/\/[^?#\s@]+$/)),
  /** Ranges, both ends inclusive. Given to all datacenters or to none: then they are split evenly by order. */
  slots: Schema.optionalKey(Schema.Array(Schema.Struct({ first: Slot, last: Slot })).check(Schema.isMaxLength(UsernameSlots.slotCount)))
})
export type Datacenter = typeof Datacenter.Type

/** Places in the list are the datacenters' numbers in databases and messages: they never change, new ones come last. */
export const Topology = Schema.Struct({
  datacenters: Schema.Array(Datacenter).check(Schema.isMinLength(1), Schema.isMaxLength(datacentersMax))
})
export type Topology = typeof Topology.Type

export class TopologyError extends Schema.TaggedError<TopologyError>()("TopologyError", { reason: Schema.String }) {}

const machineConflict = (topology: Topology): string | undefined => {
  const names = new Set<string>()
  const sorted = [...topology.datacenters].sort((a, b) => a.machines.first - b.machines.first)
  for (const [i, { machines, name }] of sorted.entries()) {
    if (names.has(name)) return `the datacenter ${name} stands in it twice`
    names.add(name)
    if (machines.first > machines.last) return `the first machine of ${name} is above its last`
    const next = sorted[i + 1]
    if (next !== undefined && next.machines.first <= machines.last) return `${name} and ${next.name} share machines`
  }
  return undefined
}

const slotConflict = ({ datacenters }: Topology): string | undefined => {
  const given = datacenters.map(({ slots }) => slots)
  const without = datacenters.find(({ slots }) => slots === undefined)
  if (without !== undefined && given.some((slots) => slots !== undefined)) {
    return `${without.name} has no "slots" and others have: give them to all datacenters or to none`
  }
  return UsernameSlots.problem(given)
}

/** Who is alone needs no addresses; several cannot do without. */
const addressConflict = ({ datacenters }: Topology): string | undefined => {
  if (datacenters.length === 1) return undefined
  for (const { fronts, name, nats } of datacenters) {
    if (nats === undefined) return `${name} needs "nats" with "url" and "leafUrl", since it is not the only datacenter`
    if (fronts === undefined) return `${name} needs "fronts", since it is not the only datacenter`
  }
  const leaves = datacenters.map(({ nats }) => nats?.leafUrl)
  const shared = leaves.find((leaf, i) => leaves.indexOf(leaf) !== i)
  return shared === undefined ? undefined : `two datacenters have the leaf address ${shared}`
}

/** Why these datacenters cannot stand beside each other; undefined when they can. */
export const conflict = (topology: Topology): string | undefined =>
  machineConflict(topology) ?? slotConflict(topology) ?? addressConflict(topology)

/** Reads and checks the text of a topology file. */
export const parse = (text: string): Effect.Effect<Topology, TopologyError> =>
  Schema.decodeEffect(Schema.fromJsonString(Topology))(text).pipe(
    Effect.mapError((error) => new TopologyError({ reason: error.message })),
    Effect.filterOrFail(
      (topology) => conflict(topology) === undefined,
      (topology) => new TopologyError({ reason: conflict(topology)! })
    )
  )

/** Reads the file of this absolute path, or `config/datacenters/<name>.json`. */
export const load = (nameOrPath: string): Effect.Effect<Topology, TopologyError> =>
  Effect.tryPromise({
    try: () =>
      readFile(isAbsolute(nameOrPath) ? nameOrPath : new URL(`../datacenters/${nameOrPath}.json`, import.meta.url), "utf8"),
    catch: () => new TopologyError({ reason: "there is no such file" })
  }).pipe(Effect.flatMap(parse))
