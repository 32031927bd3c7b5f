/** Facts that are asked of their owner, and applied by the same way as those that come by themselves. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Datacenters from "@rookery/domain/Datacenters"
import type { GossipFact } from "@rookery/domain/GossipFact"
import * as Asks from "@rookery/protocol/Asks"
import { gossipKinds, type GossipRange } from "@rookery/store/GossipStore"
import { Effect, Schema } from "effect"
import type { After } from "./After.ts"
import { nameOf, type World } from "./World.ts"

const askMillis = 10_000

/** The owner said what it may not say. */
class WrongAnswer extends Schema.TaggedError<WrongAnswer>()("WrongAnswer", { datacenter: Schema.String, reason: Schema.String }) {}

const question = <T>(world: World, home: number, kind: string, codec: Schema.Codec<T, string>, value: T) =>
  world.links.ask(nameOf(world, home), kind, Asks.encode(codec, value), askMillis)

export const rangeOf = ({ deletedAfter, from, kind, to }: GossipRange): Asks.Range => ({
  kind: gossipKinds.indexOf(kind),
  from: String(from),
  to: String(to),
  deletedAfter
})

/** Digests of the origin's own, in the order of the ranges. */
export const digests = (world: World, origin: number, ranges: ReadonlyArray<GossipRange>) =>
  Effect.gen(function*() {
    const data = yield* question(world, origin, Asks.names.digest, Asks.DigestQuestion, { ranges: ranges.map(rangeOf) })
    const reason = (problem: string) => new WrongAnswer({ datacenter: nameOf(world, origin), reason: problem })
    const { digests: told } = yield* Effect.mapError(Asks.decode(Asks.DigestAnswer, data), reason)
    if (told.length !== ranges.length) return yield* reason("another number of digests than of ranges")
    return told.map(({ count, hash, isWhole }) => ({ count, hash: BigInt(hash), isWhole }))
  })

const facts = (world: World, origin: number, asked: typeof Asks.FactsQuestion.Type) =>
  Effect.gen(function*() {
    const decoded = Asks.decodeFacts(world.datacenters, origin, yield* question(world, origin, Asks.names.facts, Asks.FactsQuestion, asked))
    if (decoded._tag === "Facts") return decoded.facts
    return yield* new WrongAnswer({ datacenter: nameOf(world, origin), reason: decoded.reason })
  })

export const factsOfRange = (world: World, range: GossipRange): Effect.Effect<ReadonlyArray<GossipFact>, unknown> =>
  facts(world, range.origin, { _tag: "Range", range: rangeOf(range) })

/** In one transaction: some 60 ms, which what the origin tells meanwhile waits for. */
const appliedMax = 2_500

/** Applies what the owner itself just said, so old announcements too; then what follows from it. */
export const applyAnswer = (world: World, after: After, origin: number, said: ReadonlyArray<GossipFact>): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    for (let from = 0; from < said.length; from += appliedMax) {
      const some = said.slice(from, from + appliedMax)
      const applied = yield* world.gossip.apply(origin, some, true)
      yield* after.applied(some, applied)
    }
  })

const inParts = <A>(ids: ReadonlyArray<A>, run: (part: ReadonlyArray<A>) => Effect.Effect<void, unknown>): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    for (let from = 0; from < ids.length; from += Asks.idsMax) yield* run(ids.slice(from, from + Asks.idsMax))
  })

/** Asks the owner for posts, or their ends, and applies the answer. */
export const posts = (world: World, after: After, origin: number, ids: ReadonlyArray<PostId>): Effect.Effect<void, unknown> =>
  inParts(ids, (part) =>
    Effect.flatMap(facts(world, origin, { _tag: "Posts", ids: part.map(String) }), (said) => applyAnswer(world, after, origin, said)))

/** Asks the homes of accounts for their profiles and numbers. Accounts of no datacenter are left. */
export const accounts = (world: World, after: After, ids: ReadonlyArray<AccountId>): Effect.Effect<void, unknown> => {
  const byHome = Map.groupBy(ids, (id) => Datacenters.homeOf(world.datacenters, id))
  return Effect.forEach(byHome, ([home, own]) =>
    home === undefined || home === world.datacenters.own ? Effect.void : inParts(own, (part) =>
      Effect.flatMap(facts(world, home, { _tag: "Accounts", ids: part.map(String) }), (said) => applyAnswer(world, after, home, said))), {
    discard: true
  })
}
