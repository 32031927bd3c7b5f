/** The facts of a message by kind, the newest of each record only: statements take each record once. */
import type {
  AccountCountsFact,
  AccountFact,
  AnswerFact,
  BlockFact,
  CountsFact,
  FollowFact,
  GossipFact,
  LikeFact,
  PostFact,
  TombstoneFact
} from "@rookery/domain/GossipFact"

export interface FactSet {
  readonly Account: ReadonlyArray<AccountFact>
  readonly AccountCounts: ReadonlyArray<AccountCountsFact>
  readonly Post: ReadonlyArray<PostFact>
  readonly Tombstone: ReadonlyArray<TombstoneFact>
  readonly Follow: ReadonlyArray<FollowFact>
  readonly Answer: ReadonlyArray<AnswerFact>
  readonly Block: ReadonlyArray<BlockFact>
  readonly Like: ReadonlyArray<LikeFact>
  readonly Counts: ReadonlyArray<CountsFact>
}

type OfTag<T extends GossipFact["_tag"]> = Extract<GossipFact, { readonly _tag: T }>

const newestOf = <A>(facts: ReadonlyArray<A>, keyOf: (fact: A) => unknown, rankOf: (fact: A) => number): ReadonlyArray<A> => {
  const newest = new Map<unknown, A>()
  for (const fact of facts) {
    const key = keyOf(fact)
    const known = newest.get(key)
    if (known === undefined || rankOf(known) < rankOf(fact)) newest.set(key, fact)
  }
  return [...newest.values()]
}

const versionOf = (fact: { readonly version: number }): number => fact.version

/** Verdicts of one version are in their order. */
const answerRank = (fact: AnswerFact): number => fact.version * 4 + fact.verdict

export const make = (facts: ReadonlyArray<GossipFact>): FactSet => {
  const groups = Map.groupBy(facts, (fact) => fact._tag)
  const of = <T extends GossipFact["_tag"]>(tag: T): ReadonlyArray<OfTag<T>> => (groups.get(tag) ?? []) as Array<OfTag<T>>
  const tombstones = newestOf(of("Tombstone"), (fact) => fact.id, (fact) => -fact.deletedAt)
  const ended = new Set(tombstones.map((fact) => fact.id))
  const pair = (fact: FollowFact | AnswerFact): string => `${fact.follower} ${fact.followee}`
  return {
    Account: newestOf(of("Account"), (fact) => fact.id, versionOf),
    AccountCounts: newestOf(of("AccountCounts"), (fact) => fact.id, versionOf),
    Post: newestOf(of("Post"), (fact) => fact.id, versionOf).filter((fact) => !ended.has(fact.id)),
    Tombstone: tombstones,
    Follow: newestOf(of("Follow"), pair, versionOf),
    Answer: newestOf(of("Answer"), pair, answerRank),
    Block: newestOf(of("Block"), (fact) => `${fact.account} ${fact.target}`, versionOf),
    Like: newestOf(of("Like"), (fact) => `${fact.account} ${fact.post}`, versionOf),
    Counts: newestOf(of("Counts"), (fact) => fact.post, versionOf)
  }
}

/** Accounts that rows will name, each once. */
export const accountsOf = (set: FactSet): ReadonlyArray<bigint> => {
  const ids = new Set<bigint>()
  for (const fact of set.Account) ids.add(fact.id)
  for (const fact of set.AccountCounts) ids.add(fact.id)
  for (const fact of set.Post) ids.add(fact.author)
  for (const fact of set.Tombstone) if (fact.author as bigint !== fact.id) ids.add(fact.author)
  for (const fact of [...set.Follow, ...set.Answer]) ids.add(fact.follower).add(fact.followee)
  for (const fact of set.Block) ids.add(fact.account).add(fact.target)
  for (const fact of set.Like) ids.add(fact.account)
  return [...ids]
}
