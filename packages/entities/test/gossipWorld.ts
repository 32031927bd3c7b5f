/** Two datacenters for tests of the loops: links and copies in memory, and stores that say what a test lets them. */
import { type Arrival, Links } from "@rookery/bus/Links"
import type * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import * as Datacenters from "@rookery/domain/Datacenters"
import type { GossipFact, PostFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Copies from "@rookery/store/CopyStore"
import type { GossipStore } from "@rookery/store/GossipStore"
import * as CopyStoreMemory from "@rookery/store/memory/CopyStoreMemory"
import { Context, Effect, Layer } from "effect"
import type { After } from "../src/gossip/After.ts"
import { defaults, type World } from "../src/gossip/World.ts"

export const names = ["east", "west"] as const

export const topology = (own: number): Datacenters.Datacenters =>
  Datacenters.make(names.map((name, i) => ({ name, machines: { first: i * 10, last: i * 10 + 9 } })), names[own]!)

let sequence = 0
/** An id of the east's (0) or the west's (1). */
export const idOf = (home: number, millis = Date.now()): bigint => Snowflake.make(millis, home * 10, sequence++ % 4096)

export const post = (home: number, more: Partial<PostFact> = {}): PostFact => ({
  _tag: "Post",
  id: idOf(home) as PostId,
  author: idOf(home) as AccountId,
  version: 1,
  visibility: 0,
  sensitive: false,
  replyTo: null,
  replyToAuthor: null,
  repostOf: null,
  conversation: null,
  editedAt: 0,
  mentions: [],
  tags: [],
  pictures: false,
  ...more
})

export const nothingApplied = { unknownOld: [], missing: [], changedPosts: [], news: [], related: [], told: false }

/** A store of which a test says what it needs; the rest dies. */
export const store = (given: Partial<GossipStore["Service"]>): GossipStore["Service"] => {
  const applied: GossipStore["Service"]["apply"] = () => Effect.succeed(nothingApplied)
  return new Proxy({ apply: applied, ...given } as GossipStore["Service"], {
    get: (target, name) => Reflect.get(target, name) ?? (() => Effect.die(new Error(`${String(name)} was not to be called`)))
  })
}

export const noAfter: After = { applied: () => Effect.void }

export const make = (links: LinksMemory.World, own: number, gossip: Partial<GossipStore["Service"]> = {}) =>
  Effect.gen(function*() {
    const world: World = {
      datacenters: topology(own),
      links: Context.get(yield* Layer.build(Layer.fresh(links.layer(names[own]!))), Links),
      gossip: store(gossip),
      copies: Context.get(yield* Layer.build(Layer.fresh(CopyStoreMemory.layer(Copies.defaults))), Copies.CopyStore),
      settings: defaults
    }
    return world
  })

/** A message that came in, with what became of it. */
export const arrival = (data: Uint8Array, deliveries = 1) => {
  const fate = { acked: 0, refused: [] as Array<string> }
  const message: Arrival = {
    data,
    deliveries,
    ack: Effect.sync(() => void fate.acked++),
    refuse: (reason) => Effect.sync(() => void fate.refused.push(reason))
  }
  return { fate, message }
}

/** Facts that a store was given, message by message. */
export const applied = () => {
  const calls: Array<ReadonlyArray<GossipFact>> = []
  const apply: GossipStore["Service"]["apply"] = (_, facts) => Effect.sync(() => {
    calls.push(facts)
    return nothingApplied
  })
  return { apply, calls }
}
