/**
 * What follows when facts were applied: the actors take up their outbox rows at once, fronts drop what they keep of it, and
 * what is only named is asked for.
 */
import type { Bus } from "@rookery/bus/Bus"
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { Applied, TopicNews } from "@rookery/store/GossipStore"
import { Effect } from "effect"
import * as Hints from "../Hints.ts"

export interface After {
  /** Never fails: all of it is hints. */
  readonly applied: (facts: ReadonlyArray<GossipFact>, applied: Applied) => Effect.Effect<void>
}

export interface Follow {
  readonly bus: Bus["Service"]
  /** There are new rows in the outbox. */
  readonly wake: () => void
  /** Announced, or changed, posts. Answers when it took note of them. */
  readonly posted: (facts: ReadonlyArray<Posted>) => Effect.Effect<void>
  /** Takes note of what topics are to hear. */
  readonly heard: (news: ReadonlyArray<TopicNews>) => void
  readonly askAccounts: (ids: ReadonlyArray<AccountId>) => void
}

export type Posted = Extract<GossipFact, { readonly _tag: "Post" | "Tombstone" }>

/** An id as old as this may have been looked for, in vain, by a front that remembers it (Hydration.ts). */
const rememberedMillis = 55_000

/** Copies of so many accounts are dropped one by one; of more they run out, in half a minute. */
const accountsMax = 50

const hintsMax = 500

/** Posts of which a front may keep something else than what is now. */
const changedOf = (facts: ReadonlyArray<GossipFact>, { changedPosts }: Applied): ReadonlyArray<PostId> => {
  const ids = new Set(changedPosts)
  const remembered = Date.now() - rememberedMillis
  for (const fact of facts) {
    if (fact._tag === "Counts") ids.add(fact.post)
    if (fact._tag === "Post" && Snowflake.millisOf(fact.id) < remembered) ids.add(fact.id)
  }
  return [...ids]
}

const isUrgent = (fact: GossipFact): boolean => fact._tag === "Account" && (fact.gone || fact.suspended)

const accountsOf = (facts: ReadonlyArray<GossipFact>): ReadonlyArray<AccountId> => {
  const changed = facts.filter((fact) => fact._tag === "Account")
  return (changed.length <= accountsMax ? changed : changed.filter(isUrgent)).map((fact) => fact.id)
}

const authorsOf = (news: ReadonlyArray<Posted>): ReadonlyArray<AccountId> =>
  [...new Set(news.flatMap((fact) => fact._tag === "Post" ? [fact.author] : []))]

const told = <A>(ids: ReadonlyArray<A>, tell: (part: ReadonlyArray<A>) => Effect.Effect<void>): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let from = 0; from < ids.length; from += hintsMax) yield* tell(ids.slice(from, from + hintsMax))
  })

export const make = ({ askAccounts, bus, heard, posted, wake }: Follow): After => ({
  applied: (facts, applied) =>
    Effect.gen(function*() {
      if (applied.told) wake()
      const news = facts.filter((fact) => fact._tag === "Post" || fact._tag === "Tombstone")
      // Copies go before fronts are told to read again.
      if (news.length > 0) yield* posted(news)
      yield* told(changedOf(facts, applied), (ids) => Hints.postsChanged(bus, ids))
      yield* told(authorsOf(news), (ids) => Hints.authorsPosted(bus, ids))
      if (applied.news.length > 0) heard(applied.news)
      yield* told(applied.related, (ids) => Hints.relationsChanged(bus, ids))
      yield* told(accountsOf(facts), (ids) => Hints.accountsChanged(bus, ids))
      if (applied.missing.length > 0) askAccounts(applied.missing)
    })
})
