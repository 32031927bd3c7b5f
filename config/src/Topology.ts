/** The datacenters and the machine ids that each owns: the machine in an id names the datacenter that minted it. */
import { machineMax } from "@rookery/domain/Snowflake"
import { Effect, Schema } from "effect"
import { readFile } from "node:fs/promises"

const Machine = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: machineMax }))

export const Datacenter = Schema.Struct({
  name: Schema.String.check(Schema.isPattern(/^[\w-]{1,100}$/)),
  /** Both inclusive. */
  machines: Schema.Struct({ first: Machine, last: Machine })
})
export type Datacenter = typeof Datacenter.Type

export const Topology = Schema.Struct({ datacenters: Schema.Array(Datacenter) })
export type Topology = typeof Topology.Type

export class TopologyError extends Schema.TaggedError<TopologyError>()("TopologyError", { reason: Schema.String }) {}

/** Why these datacenters cannot stand beside each other; undefined when they can. */
export const conflict = (topology: Topology): string | undefined => {
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

/** Reads and checks the text of a topology file. */
export const parse = (text: string): Effect.Effect<Topology, TopologyError> =>
  Schema.decodeEffect(Schema.fromJsonString(Topology))(text).pipe(
    Effect.mapError((error) => new TopologyError({ reason: error.message })),
    Effect.filterOrFail(
      (topology) => conflict(topology) === undefined,
      (topology) => new TopologyError({ reason: conflict(topology)! })
    )
  )

/** Reads `config/datacenters/<name>.json`. */
export const load = (name: string): Effect.Effect<Topology, TopologyError> =>
  Effect.tryPromise({
    try: () => readFile(new URL(`../datacenters/${name}.json`, import.meta.url), "utf8"),
    catch: () => new TopologyError({ reason: "there is no such file" })
  }).pipe(Effect.flatMap(parse))
