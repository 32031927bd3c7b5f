/**
 * Finds what another datacenter told and did not arrive, or what differs for whatever reason: digests of ranges are
 * compared, ranges that differ are split until they are small, and the facts of those are asked for and applied.
 */
import type { PostId } from "@rookery/domain/Ids"
import * as Metrics from "@rookery/observe/Metrics"
import * as Asks from "@rookery/protocol/Asks"
import type { GossipDigest, GossipRange } from "@rookery/store/GossipStore"
import { Effect, Semaphore } from "effect"
import type { After } from "./After.ts"
import * as Asking from "./Asking.ts"
import { nameOf, type World } from "./World.ts"

/** Records of a range that is asked for as it is. */
const leafMax = 1_000
const splitsMax = 16
/** Questions of one pass: what is left differs in the next one too. */
const asksMax = 300

/** Ranges in one question: each is a scan on both sides. */
const rangesMax = 16

/** The way there and back is most of the time of a question. */
const questionsAtOnce = 4

export interface Pass {
  readonly world: World
  readonly after: After
  readonly origin: number
  asks: number
  /** Ranges that were repaired. */
  repaired: number
  readonly questions: Semaphore.Semaphore
}

export const pass = (world: World, after: After, origin: number): Pass =>
  ({ world, after, origin, asks: 0, repaired: 0, questions: Semaphore.makeUnsafe(questionsAtOnce) })

const split = (range: GossipRange): ReadonlyArray<GossipRange> => {
  const span = range.to - range.from
  const step = span / BigInt(splitsMax) > 0n ? span / BigInt(splitsMax) : 1n
  const parts: Array<GossipRange> = []
  for (let from = range.from; from < range.to; from += step) {
    const isLast = parts.length === splitsMax - 1
    const to = isLast || from + step > range.to ? range.to : from + step
    parts.push({ ...range, from, to })
    if (isLast) break
  }
  return parts
}

const isSame = (one: GossipDigest, other: GossipDigest): boolean => one.count === other.count && one.hash === other.hash

/** What stands here of the range, and the origin did not say: it is asked for by name. */
const settleRest = ({ after, origin, world }: Pass, range: GossipRange, said: ReadonlySet<bigint>) =>
  Effect.gen(function*() {
    if (range.kind !== "posts" && range.kind !== "direct") return
    const keys = yield* world.gossip.keys(range, leafMax)
    const rest = keys.filter(({ key }) => !said.has(key)).map(({ key }) => key as PostId)
    if (rest.length > 0) yield* Asking.posts(world, after, origin, rest)
  })

const repair = (state: Pass, range: GossipRange) =>
  Effect.gen(function*() {
    const { after, origin, world } = state
    state.asks++
    state.repaired++
    const said = yield* Asking.factsOfRange(world, range)
    Metrics.gossipRepaired.at(nameOf(world, origin), range.kind).value += said.length
    yield* Asking.applyAnswer(world, after, origin, said)
    const ids = new Set<bigint>(said.flatMap((fact) => fact._tag === "Post" || fact._tag === "Tombstone" ? [fact.id] : []))
    yield* settleRest(state, range, ids)
  })

interface Differing {
  readonly range: GossipRange
  readonly count: number
}

const differing = (state: Pass, ranges: ReadonlyArray<GossipRange>) =>
  Effect.gen(function*() {
    const { origin, world } = state
    state.asks++
    const [theirs, ours] = yield* Effect.all([
      Asking.digests(world, origin, ranges),
      Effect.forEach(ranges, world.gossip.digest)
    ], { concurrency: 2 })
    const found: Array<Differing> = []
    ranges.forEach((range, i) => {
      const same = isSame(theirs[i]!, ours[i]!)
      Metrics.gossipCompared.at(nameOf(world, origin), same ? "same" : "different").value++
      if (!same) found.push({ range, count: Math.max(theirs[i]!.count, ours[i]!.count) })
    })
    return found
  })

const settle = (state: Pass, { count, range }: Differing): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    if (state.asks >= asksMax) return Effect.void
    const isLeaf = count <= leafMax || range.to - range.from <= 1n
    return isLeaf ? state.questions.withPermits(1)(repair(state, range)) : compare(state, split(range))
  })

/** Ends when the ranges are the same as far as could be done within one pass's questions. */
export const compare = (state: Pass, ranges: ReadonlyArray<GossipRange>): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    for (let from = 0; from < ranges.length && state.asks < asksMax; from += rangesMax) {
      const found = yield* state.questions.withPermits(1)(differing(state, ranges.slice(from, from + rangesMax)))
      yield* Effect.forEach(found, (one) => settle(state, one), { concurrency: questionsAtOnce, discard: true })
    }
  })

/** Asks for the profiles of those who are only named, from the first on; at most so many in one pass. */
const placeholdersMax = Asks.idsMax

export const placeholders = ({ after, world }: Pass): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const waiting = yield* world.gossip.placeholders(undefined, placeholdersMax)
    if (waiting.length > 0) yield* Asking.accounts(world, after, waiting)
  })
