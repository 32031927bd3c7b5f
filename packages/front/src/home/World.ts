/** The other datacenters, for a front that is not alone. */
import type { Links } from "@rookery/bus/Links"
import * as Datacenters from "@rookery/domain/Datacenters"
import type { CopyStore } from "@rookery/store/CopyStore"

export interface World {
  readonly datacenters: Datacenters.Datacenters
  /** By the datacenter's number: where its fronts are reached, without a slash at the end. */
  readonly fronts: ReadonlyArray<ReadonlyArray<string>>
  /** The same: what addresses of its pictures begin with; undefined where its fronts have them. */
  readonly media?: ReadonlyArray<string | undefined>
  readonly links: Links["Service"]
  /** Contents that are kept of others' posts; undefined for who shows none. */
  readonly copies?: CopyStore["Service"]
}

export const nameOf = ({ datacenters }: Pick<World, "datacenters">, home: number): string => datacenters.names[home]!

/** What stands before secrets that are kept here; nothing where there is only one datacenter. */
export const ownOf = (world: World | undefined): number | undefined => world?.datacenters.own

/** The number of the other datacenter that owns what has this id; undefined for what is own, or nobody's. */
export const farHomeOf = (world: World | undefined, id: bigint): number | undefined => {
  const home = world === undefined ? undefined : Datacenters.homeOf(world.datacenters, id)
  return home === world?.datacenters.own ? undefined : home
}

/** Numbers of the others. */
export const others = ({ datacenters: { names, own } }: Pick<World, "datacenters">): ReadonlyArray<number> =>
  names.map((_, home) => home).filter((home) => home !== own)
