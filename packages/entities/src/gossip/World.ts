/** What the loops of gossip share: the links, the facts, and what they may be tuned by. Only where there are several datacenters. */
import type { Links } from "@rookery/bus/Links"
import type { Datacenters } from "@rookery/domain/Datacenters"
import type { CopyStore } from "@rookery/store/CopyStore"
import type { GossipStore } from "@rookery/store/GossipStore"

/** Times are milliseconds. */
export interface GossipSettings {
  /**
   * Between two looks for rows, for company, and as long again while nobody says that there are any; the second one is how long
   * nobody has to say so when there were none lately.
   */
  readonly gatherMillis: number
  readonly idleMillis: number
  /** How often numbers that changed are told. */
  readonly countsMillis: number
  /** How often tombstones past their time are dropped. */
  readonly sweepMillis: number
  /** How long tombstones are kept. */
  readonly tombstoneMillis: number
  /** A pass over what is recent, for each origin. */
  readonly repairMillis: number
  /** A step of the walk over everything, for each origin; and of the one that follows a link's return, or a start. */
  readonly walkMillis: number
  readonly hurriedWalkMillis: number
  /** What is younger may still be on its way, and is not compared. */
  readonly graceMillis: number
  /** Posts that are older are not kept as copies. */
  readonly copyAgeMillis: number
  /** Local followers from which on an author's posts are fetched when they are announced. */
  readonly fetchAheadReaders: number
  /** Of posts that are older the words are not fetched for search; 0: of none. How often it is looked which are wanted. */
  readonly searchAgeMillis: number
  readonly wordsMillis: number
}

export const defaults: GossipSettings = {
  gatherMillis: 10,
  idleMillis: 100,
  countsMillis: 1_000,
  sweepMillis: 300_000,
  tombstoneMillis: 40 * 86_400_000,
  repairMillis: 15_000,
  walkMillis: 5_000,
  hurriedWalkMillis: 50,
  graceMillis: 10_000,
  copyAgeMillis: 90 * 86_400_000,
  fetchAheadReaders: 100,
  searchAgeMillis: 90 * 86_400_000,
  wordsMillis: 1_000
}

export interface World {
  readonly datacenters: Datacenters
  readonly links: Links["Service"]
  readonly gossip: GossipStore["Service"]
  readonly copies: CopyStore["Service"]
  readonly settings: GossipSettings
}

export const nameOf = ({ datacenters }: Pick<World, "datacenters">, home: number): string => datacenters.names[home]!

/** Numbers of the others. */
export const others = ({ datacenters: { names, own } }: Pick<World, "datacenters">): ReadonlyArray<number> =>
  names.map((_, home) => home).filter((home) => home !== own)
