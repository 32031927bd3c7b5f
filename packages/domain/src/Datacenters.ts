/** The datacenters of one world, and which of them owns an id: the machine in the id says so. */
import * as Snowflake from "./Snowflake.ts"

/** Datacenters are numbered by their place in the topology; the places never change, new ones come last. */
export interface Datacenters {
  readonly names: ReadonlyArray<string>
  /** The number of the datacenter that this process is of. */
  readonly own: number
  /** For each machine the number of its datacenter, -1 for machines of none. */
  readonly homes: Int16Array
}

/** One datacenter as the topology gives it; both machines inclusive. */
export interface Block {
  readonly name: string
  readonly machines: { readonly first: number; readonly last: number }
}

/** Throws `RangeError` when `own` is not among the blocks. */
export const make = (blocks: ReadonlyArray<Block>, own: string): Datacenters => {
  const homes = new Int16Array(Snowflake.machineMax + 1).fill(-1)
  blocks.forEach(({ machines }, i) => homes.fill(i, machines.first, machines.last + 1))
  const names = blocks.map((block) => block.name)
  if (!names.includes(own)) throw new RangeError(`there is no datacenter ${own} in the topology`)
  return { names, own: names.indexOf(own), homes }
}

/** The number of the datacenter that owns what has this id; undefined when no datacenter has the id's machine. */
export const homeOf = (datacenters: Datacenters, id: bigint): number | undefined => {
  const home = datacenters.homes[Snowflake.machineOf(id)]!
  return home === -1 ? undefined : home
}

export const isOwn = (datacenters: Datacenters, id: bigint): boolean =>
  datacenters.homes[Snowflake.machineOf(id)] === datacenters.own
