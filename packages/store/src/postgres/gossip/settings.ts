/** What the gossip store is made with, and the shape that facts have in the database. */
import type { Datacenters } from "@rookery/domain/Datacenters"
import type { AccountFact, GossipFact } from "@rookery/domain/GossipFact"

export interface Settings {
  readonly datacenters: Datacenters
  /** The cluster shard (from 1) that an account's actors live on, by the same hash as for own accounts. */
  readonly shardOf: (id: string) => number
  /** How long tombstones are kept, in milliseconds since the deletion; more than any clock errs and any stream is kept. */
  readonly tombstoneMillis: number
}

/** Clocks of two datacenters, and a transaction between, may differ by this much when the age of an announcement is judged. */
export const ageMarginMillis = 3_600_000

/** Numbers of the kinds in `gossip_outbox`, as on the wire, from 1. */
const tags = ["Account", "AccountCounts", "Post", "Tombstone", "Follow", "Answer", "Block", "Like", "Counts"] as const

const idNames = new Set(["id", "author", "replyTo", "replyToAuthor", "repostOf", "conversation", "follower", "followee", "account", "target", "post"])

export interface StoredFact {
  readonly kind: number
  readonly payload: Readonly<Record<string, unknown>>
}

const valueOf = (name: string, value: unknown): unknown => {
  if (name === "mentions") return (value as ReadonlyArray<string>).map(BigInt)
  return idNames.has(name) && typeof value === "string" ? BigInt(value) : value
}

/** The row's own functions wrote the payload (migrations/gossip/facts.ts), so its shape is the fact's. */
export const factOf = ({ kind, payload }: StoredFact): GossipFact => {
  const fields = Object.entries(payload).map(([name, value]) => [name, valueOf(name, value)] as const)
  return { _tag: tags[kind - 1]!, ...Object.fromEntries(fields) } as unknown as GossipFact
}

/** The names of a profile's lines as JSON for the database. */
export const fieldsOf = (fact: AccountFact): string => JSON.stringify(fact.fields)
