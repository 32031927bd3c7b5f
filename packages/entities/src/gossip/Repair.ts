/**
 * Finds what another datacenter told and did not arrive, or what differs for whatever reason: digests of ranges are
 * compared, ranges that differ are split until they are small or lack nearly all, and the facts of those are asked for, page by page.
 */
import type { GossipFact } from "@rookery/domain/GossipFact"
import * as Metrics from "@rookery/observe/Metrics"
import * as Asks from "@rookery/protocol/Asks"
import type { GossipDigest, GossipRange } from "@rookery/store/GossipStore"
import { Effect, Semaphore } from "effect"
import type { After } from "./After.ts"
import * as Asking from "./Asking.ts"
import * as RangePages from "./RangePages.ts"
import { nameOf, type World } from "./World.ts"

/** Records of a range that is asked for as it is: some 50 kB. */
const leafMax = 2_000
/** Of a range one in so many stands here, or less: splitting it would only find that all of it is lacking. */
const lackingShare = 4
/** Few parts take many rounds where the records stand close together, many parts make small questions where they do not. */
const splitsMin = 8
const splitsMax = 64
/** Questions of one pass: what is left differs in the next one too. */
const asksMax = 300

/** Ranges in one question: each is a scan on both sides, of `Asks.digestRowsMax` rows at most. */
const rangesMax = 16

/** The way there and back is most of the time of a question. */
const questionsAtOnce = 4

/** Ranges that are fetched side by side. Each holds two pages: one that is applied, one that is on its way. */
const fetchesAtOnce = 3

export interface Pass {
  readonly world: World
  readonly after: After
  readonly origin: number
  asks: number
  /** Ranges that were repaired. */
  repaired: number
  readonly questions: Semaphore.Semaphore
  readonly fetches: Semaphore.Semaphore
  /** One page at a time is applied, in parts, so that what arrives by itself waits for one part at most. */
  readonly applying: Semaphore.Semaphore
}

export const pass = (world: World, after: After, origin: number): Pass => ({
  world,
  after,
  origin,
  asks: 0,
  repaired: 0,
  questions: Semaphore.makeUnsafe(questionsAtOnce),
  fetches: Semaphore.makeUnsafe(fetchesAtOnce),
  applying: Semaphore.makeUnsafe(1)
})

interface Differing {
  readonly range: GossipRange
  readonly theirs: GossipDigest
  readonly ours: GossipDigest
}

/** As many parts as make leaves of half the size, if the records lay evenly. */
const split = ({ ours, range, theirs }: Differing): ReadonlyArray<GossipRange> => {
  const span = range.to - range.from
  const isCounted = theirs.isWhole && ours.isWhole
  const wanted = isCounted ? Math.ceil((2 * Math.max(theirs.count, ours.count)) / leafMax) : splitsMax
  const parts = BigInt(Math.min(Math.max(wanted, splitsMin), splitsMax))
  const step = (span + parts - 1n) / parts
  const ranges: Array<GossipRange> = []
  for (let from = range.from; from < range.to; from += step) {
    ranges.push({ ...range, from, to: from + step < range.to ? from + step : range.to })
  }
  return ranges
}

/** What cannot be told of a range that was not looked at to its end is told of its parts. */
const isSame = ({ ours, theirs }: Differing): boolean =>
  theirs.isWhole && ours.isWhole && theirs.count === ours.count && theirs.hash === ours.hash

const isLeaf = ({ ours, range, theirs }: Differing): boolean => {
  if (range.to - range.from <= 1n) return true
  if (!theirs.isWhole || !ours.isWhole) return false
  const isSmall = Math.max(theirs.count, ours.count) <= leafMax
  return isSmall || (RangePages.isPaged(range) && ours.count * lackingShare <= theirs.count)
}

const ask = (state: Pass, range: GossipRange): Effect.Effect<ReadonlyArray<GossipFact>, unknown> =>
  Effect.suspend(() => {
    state.asks++
    return state.questions.withPermits(1)(Asking.factsOfRange(state.world, range))
  })

/** A page of what the origin says, and what stands here of the same part and was not said: that is asked for by name. */
const settlePage = (state: Pass, { ours, range }: Differing, page: RangePages.Page): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const { after, origin, world } = state
    Metrics.gossipRepaired.at(nameOf(world, origin), range.kind).value += page.facts.length
    yield* Asking.applyAnswer(world, after, origin, page.facts)
    if (ours.count > 0) yield* Asking.posts(world, after, origin, yield* RangePages.unsaid(world.gossip, page))
  }).pipe(state.applying.withPermits(1))

/** While a page is applied the next one is on its way. */
const repair = (state: Pass, found: Differing): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    state.repaired++
    let page = RangePages.first(found.range, found.theirs.count, yield* ask(state, found.range))
    while (page.rest !== undefined) {
      const [facts] = yield* Effect.all([ask(state, page.rest), settlePage(state, found, page)], { concurrency: 2 })
      page = RangePages.next(page, facts)
    }
    yield* settlePage(state, found, page)
  })

const differing = (state: Pass, ranges: ReadonlyArray<GossipRange>) =>
  Effect.gen(function*() {
    const { origin, world } = state
    state.asks++
    const [theirs, ours] = yield* Effect.all([
      Asking.digests(world, origin, ranges),
      Effect.forEach(ranges, (range) => world.gossip.digest(range, Asks.digestRowsMax))
    ], { concurrency: 2 })
    const found = ranges.map((range, i): Differing => ({ range, theirs: theirs[i]!, ours: ours[i]! }))
    return found.filter((one) => {
      const same = isSame(one)
      Metrics.gossipCompared.at(nameOf(world, origin), same ? "same" : "different").value++
      return !same
    })
  })

const settle = (state: Pass, found: Differing): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    if (state.asks >= asksMax) return Effect.void
    return isLeaf(found) ? state.fetches.withPermits(1)(repair(state, found)) : compare(state, split(found))
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
