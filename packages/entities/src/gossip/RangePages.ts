/** What an origin says of a range, page by page: an answer ends at its bound, and the next question begins behind the last that was said. */
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { PostId } from "@rookery/domain/Ids"
import * as Asks from "@rookery/protocol/Asks"
import type { GossipRange, GossipStore } from "@rookery/store/GossipStore"
import { Effect } from "effect"

export interface Page {
  /** The part of the range that these facts are all of. */
  readonly range: GossipRange
  readonly facts: ReadonlyArray<GossipFact>
  /** What is still to be asked for; undefined when all was said. */
  readonly rest: GossipRange | undefined
  /** Records that the origin counted beyond this page. */
  readonly left: number
}

/** Records that go by id come in its order. Pairs go by bucket and come by their ids: their ranges are split until they fit an answer. */
export const isPaged = ({ kind }: GossipRange): boolean =>
  kind === "posts" || kind === "direct" || kind === "accounts" || kind === "counts" || kind === "accountCounts"

const keyOf = (fact: GossipFact): bigint | undefined => {
  if (fact._tag === "Counts") return fact.post
  return "id" in fact ? fact.id : undefined
}

const page = (range: GossipRange, counted: number, facts: ReadonlyArray<GossipFact>): Page => {
  const last = facts.at(-1)
  const key = last === undefined || !isPaged(range) ? undefined : keyOf(last)
  const left = counted - facts.length
  if (key === undefined || left <= 0 || key + 1n >= range.to) return { range, facts, rest: undefined, left: 0 }
  return { range: { ...range, to: key + 1n }, facts, rest: { ...range, from: key + 1n }, left }
}

/** `counted`: how many there are in the whole range, by its digest. What came since is found by the next comparison. */
export const first = (range: GossipRange, counted: number, facts: ReadonlyArray<GossipFact>): Page => page(range, counted, facts)

export const next = ({ left, rest }: Page, facts: ReadonlyArray<GossipFact>): Page => page(rest!, left, facts)

/** Posts that stand here in this part of the range, and the origin did not say. */
export const unsaid = (gossip: GossipStore["Service"], { facts, range }: Page) =>
  Effect.gen(function*() {
    if (range.kind !== "posts" && range.kind !== "direct") return []
    const said = new Set<bigint>(facts.flatMap((fact) => fact._tag === "Post" || fact._tag === "Tombstone" ? [fact.id] : []))
    const keys = yield* gossip.keys(range, Asks.factsMax)
    return keys.filter(({ key }) => !said.has(key)).map(({ key }) => key as PostId)
  })
