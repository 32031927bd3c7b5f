/** Datacenters for tests of gossip: a database each in one server, and facts carried between them by hand. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Datacenters from "@rookery/domain/Datacenters"
import { type GossipFact, trespass } from "@rookery/domain/GossipFact"
import type { PostDraft } from "@rookery/domain/Post"
import * as Snowflake from "@rookery/domain/Snowflake"
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type AccountRow, AccountStore } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { FollowStore } from "../src/FollowStore.ts"
import { type Applied, GossipStore } from "../src/GossipStore.ts"
import * as Gossip from "../src/postgres/gossip/GossipStorePostgres.ts"
import { PostStore } from "../src/PostStore.ts"
import { type RelationChange, RelationStore } from "../src/RelationStore.ts"
import * as Database from "./database.ts"

const names = ["north", "south", "west"] as const

/** Ten machines each: 10…19, 20…29, 30…39. */
export const topology = (own: number): Datacenters.Datacenters =>
  Datacenters.make(
    names.map((name, i) => ({ name, machines: { first: 10 * (i + 1), last: 10 * (i + 1) + 9 } })),
    names[own]!
  )

export const tombstoneMillis = 40 * 86_400_000

let sequence = 0

/** A new id of a datacenter. */
export const idOf = (datacenter: number, at = Date.now()): bigint => {
  sequence++
  return Snowflake.make(at + Math.floor(sequence / 4096), 10 * (datacenter + 1) + 1, sequence % 4096)
}

type Stores = Layer.Success<typeof Database.layer> | GossipStore

export interface Datacenter {
  readonly number: number
  readonly run: <A, E>(effect: Effect.Effect<A, E, Stores>) => Effect.Effect<A, E>
}

export const datacenter = (number: number) =>
  Effect.gen(function*() {
    const settings = { datacenters: topology(number), shardOf: () => 7, tombstoneMillis }
    const layer = Layer.provideMerge(Gossip.layer(settings), Layer.fresh(Database.makeLayer()))
    const context = yield* Layer.build(layer)
    const run: Datacenter["run"] = (effect) => Effect.provideContext(effect, context)
    yield* run(Effect.flatMap(GossipStore, (gossip) => gossip.enable))
    return { number, run }
  })

/** `count` datacenters, made side by side. */
export const world = (count: 2 | 3) => Effect.forEach(Array.from({ length: count }, (_, i) => i), datacenter)

export const account = ({ number, run }: Datacenter, username: string, id = idOf(number) as AccountId) =>
  run(Effect.gen(function*() {
    const accounts = yield* AccountStore
    const created = yield* accounts.create({ id, shard: 1, username, email: null, passwordHash: null, admin: false })
    return typeof created === "string" ? yield* Effect.die(new Error(`${created} is taken`)) : created
  }))

export const post = ({ number, run }: Datacenter, author: AccountRow, draft: Partial<PostDraft> = {}, id = idOf(number) as PostId) =>
  run(Effect.gen(function*() {
    const posts = yield* PostStore
    const { version } = (yield* (yield* AuthorStore).load(author.id))!
    const [result] = yield* posts.publish([{ ...Database.row(author, version, draft), id }])
    return result!._tag === "Published" ? result!.post : yield* Effect.die(new Error(`not published: ${result!._tag}`))
  }))

/** Many posts in few transactions; answers their ids in order. */
export const postMany = ({ number, run }: Datacenter, author: AccountRow, times: number, each: number) =>
  run(Effect.gen(function*() {
    const ids: Array<PostId> = []
    for (let i = 0; i < times; i++) {
      const { version } = (yield* (yield* AuthorStore).load(author.id))!
      const rows = Array.from({ length: each }, () => ({ ...Database.row(author, version), id: idOf(number) as PostId }))
      yield* (yield* PostStore).publish(rows)
      ids.push(...rows.map((row) => row.id))
    }
    return ids
  }))

export const follow = ({ run }: Datacenter, follower: AccountRow, followee: AccountRow, following = true) =>
  run(Database.follow(follower, followee, following))

export const relate = ({ run }: Datacenter, own: AccountRow, other: AccountRow, change: RelationChange) =>
  run(Effect.gen(function*() {
    const { followVersion } = (yield* (yield* FollowStore).reader(own.id))!
    return yield* (yield* RelationStore).change({ account: own.id, other: other.id, change, followVersion, claimMillis: 1_000 })
  }))

/** Everything that a datacenter has to tell, by destination; forgotten there, as if it were shipped. */
export const take = ({ run }: Datacenter): Effect.Effect<ReadonlyArray<{ readonly destination: number; readonly fact: GossipFact }>, unknown> =>
  run(Effect.gen(function*() {
    const gossip = yield* GossipStore
    yield* gossip.tellCounts(1_000)
    const batches = yield* gossip.claim(10_000, 1_000)
    yield* gossip.shipped(batches.map((batch) => batch.id))
    return batches.flatMap((batch) => batch.facts.map((fact) => ({ destination: batch.destination, fact })))
  }))

/** Applies facts as a link would bring them: what the origin may not say here is a failure of the test. */
export const apply = (to: Datacenter, origin: number, facts: ReadonlyArray<GossipFact>, confirmed = false): Effect.Effect<Applied, unknown> => {
  for (const fact of facts) assert.isUndefined(trespass(topology(to.number), origin, fact))
  return to.run(Effect.flatMap(GossipStore, (gossip) => gossip.apply(origin, facts, confirmed)))
}

const roundsMax = 10

/** Carries everything until nobody has anything to tell. */
export const flow = (all: ReadonlyArray<Datacenter>): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    for (let round = 0; round < roundsMax; round++) {
      let told = 0
      for (const from of all) {
        const facts = yield* take(from)
        told += facts.length
        for (const to of all) {
          const own = facts.filter(({ destination }) => destination === -1 || destination === to.number)
          if (to !== from && own.length > 0) yield* apply(to, from.number, own.map(({ fact }) => fact))
        }
      }
      if (told === 0) return
    }
    assert.fail(`still talking after ${roundsMax} rounds`)
  })

export const seen = ({ run }: Datacenter, account: { readonly id: AccountId }) =>
  run(Effect.map(Effect.flatMap(AccountStore, (accounts) => accounts.byIds([account.id])), ([row]) => row!))

export const relation = ({ run }: Datacenter, viewer: AccountRow, other: AccountRow) =>
  run(Effect.map(Effect.flatMap(RelationStore, (relations) => relations.between(viewer.id, [other.id])), ([row]) => row!))
