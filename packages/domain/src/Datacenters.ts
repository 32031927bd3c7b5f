/**
 * The datacenters of one world: which of them owns an id (the machine in the id says so), and which decides about a
 * username (the slot that the name hashes to says so).
 */
import * as Snowflake from "./Snowflake.ts"
import * as UsernameSlots from "./UsernameSlots.ts"

/** Datacenters are numbered by their place in the topology; the places never change, new ones come last. */
export interface Datacenters {
  readonly names: ReadonlyArray<string>
  /** The number of the datacenter that this process is of. */
  readonly own: number
  /** For each machine the number of its datacenter, -1 for machines of none. */
  readonly homes: Int16Array
  /** For each of the username slots the number of its datacenter. */
  readonly slots: Int16Array
}

/** One datacenter as the topology gives it; both machines inclusive. */
export interface Block {
  readonly name: string
  readonly machines: UsernameSlots.Range
  /** Left out by all of them: the slots are split evenly, in the topology's order. */
  readonly slots?: ReadonlyArray<UsernameSlots.Range> | undefined
}

/** Throws `RangeError` when `own` is not among the blocks. */
export const make = (blocks: ReadonlyArray<Block>, own: string): Datacenters => {
  const homes = new Int16Array(Snowflake.machineMax + 1).fill(-1)
  blocks.forEach(({ machines }, i) => homes.fill(i, machines.first, machines.last + 1))
  const names = blocks.map((block) => block.name)
  if (!names.includes(own)) throw new RangeError(`there is no datacenter ${own} in the topology`)
  return { names, own: names.indexOf(own), homes, slots: UsernameSlots.assign(blocks.map((block) => block.slots)) }
}

/** Whether there is nobody to tell: then nothing is gossiped, and nothing is asked of others. */
export const isSingle = (datacenters: Datacenters): boolean => datacenters.names.length === 1

/** The number of the datacenter that owns what has this id; undefined when no datacenter has the id's machine. */
export const homeOf = (datacenters: Datacenters, id: bigint): number | undefined => {
  const home = datacenters.homes[Snowflake.machineOf(id)]!
  return home === -1 ? undefined : home
}

export const isOwn = (datacenters: Datacenters, id: bigint): boolean =>
  datacenters.homes[Snowflake.machineOf(id)] === datacenters.own

/** The number of the datacenter that a username is claimed at; `usernameKey` is the name in the form in which names are compared. */
export const claimedAt = (datacenters: Datacenters, usernameKey: string): number =>
  datacenters.slots[UsernameSlots.slotOf(usernameKey)]!
