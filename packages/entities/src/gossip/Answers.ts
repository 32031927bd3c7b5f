/** What other datacenters ask this one as the owner. Every runner answers; each answer is bounded. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Asks from "@rookery/protocol/Asks"
import { gossipKinds, type GossipRange } from "@rookery/store/GossipStore"
import { Effect, Semaphore } from "effect"
import { nameOf, type World } from "./World.ts"

const ownRange = ({ datacenters: { own } }: World, asker: number, { deletedAfter, from, kind, to }: Asks.Range): GossipRange => ({
  kind: gossipKinds[kind]!,
  origin: own,
  asker,
  from: BigInt(from),
  to: BigInt(to),
  deletedAfter
})

/** Digests computed side by side for one question: each may be a scan. */
const digestsAtOnce = 2

/** Answers with facts that are made at once: each holds thousands. Who waits too long asks again. */
const factsAtOnce = 4

const digests = (world: World, asker: number, data: Uint8Array) =>
  Effect.gen(function*() {
    const { ranges } = yield* Asks.decode(Asks.DigestQuestion, data)
    const digest = (range: Asks.Range) => world.gossip.digest(ownRange(world, asker, range), Asks.digestRowsMax)
    const found = yield* Effect.forEach(ranges, digest, { concurrency: digestsAtOnce })
    return Asks.encode(Asks.DigestAnswer, { digests: found.map(({ count, hash, isWhole }) => ({ count, hash: String(hash), isWhole })) })
  })

const facts = (world: World, asker: number, data: Uint8Array) =>
  Effect.gen(function*() {
    const question = yield* Asks.decode(Asks.FactsQuestion, data)
    const found = question._tag === "Range"
      ? yield* world.gossip.facts(ownRange(world, asker, question.range), Asks.factsMax)
      : question._tag === "Posts"
      ? yield* world.gossip.postsOf(question.ids.map((id) => BigInt(id) as PostId), asker)
      : yield* world.gossip.accountsOf(question.ids.map((id) => BigInt(id) as AccountId))
    return Asks.encodeFacts(nameOf(world, world.datacenters.own), found)
  })

const reason = (failure: unknown): string => typeof failure === "string" ? failure : `it cannot be told now (${String(failure)})`

/** Until the scope closes. */
export const start = (world: World) => {
  const asker = (from: string): number => world.datacenters.names.indexOf(from)
  const places = Semaphore.makeUnsafe(factsAtOnce)
  return Effect.all([
    world.links.answer(Asks.names.digest, (data, from) => Effect.mapError(digests(world, asker(from), data), reason)),
    world.links.answer(Asks.names.facts, (data, from) => Effect.mapError(places.withPermits(1)(facts(world, asker(from), data)), reason))
  ], { discard: true })
}
