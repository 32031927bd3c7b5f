/**
 * What news of posts does to their contents here: copies of what changed go, and contents of authors with many readers here are
 * fetched before anybody asks. Each datacenter knows best who is read in it, so it fetches; the origin keeps no lists.
 */
import type { AccountId } from "@rookery/domain/Ids"
import type { PostFact } from "@rookery/domain/GossipFact"
import * as Datacenters from "@rookery/domain/Datacenters"
import * as Metrics from "@rookery/observe/Metrics"
import type { Want } from "@rookery/protocol/Contents"
import type { AuthorStore } from "@rookery/store/AuthorStore"
import { type Cause, Effect, Queue } from "effect"
import type { Posted } from "./After.ts"
import type { World } from "./World.ts"

/** Authors whose number of readers is remembered, and for how long in milliseconds: those who have few may soon have many. */
const authorsMax = 20_000
const manyMillis = 60_000
const fewMillis = 10_000

/** Messages of news that wait; later ones are not fetched ahead. */
const waitingMax = 64

/** Contents of one home are waited for no longer than this, in milliseconds; those of the others are fetched all the same. */
const fetchMillisMax = 10_000

interface Known {
  readonly many: boolean
  readonly until: number
}

const makeReaders = (authors: AuthorStore["Service"], least: number) => {
  const known = new Map<AccountId, Known>()
  const look = (author: AccountId) =>
    Effect.map(authors.load(author), (row) => {
      if (known.size >= authorsMax) known.clear()
      const many = (row?.followers ?? 0) >= least
      known.set(author, { many, until: performance.now() + (many ? manyMillis : fewMillis) })
      return many
    })
  return (author: AccountId) =>
    Effect.suspend(() => {
      const remembered = known.get(author)
      return remembered !== undefined && remembered.until > performance.now() ? Effect.succeed(remembered.many) : look(author)
    })
}

const notFetched = (cause: Cause.Cause<unknown>) => Effect.logDebug("contents were not fetched ahead", cause)

/** Has the contents of posts of one home fetched, and kept. */
export type Fetch = (home: number, wants: ReadonlyArray<Want>) => Effect.Effect<void, unknown>

export const make = (world: World, authors: AuthorStore["Service"], fetch: Fetch) =>
  Effect.gen(function*() {
    const hasMany = makeReaders(authors, world.settings.fetchAheadReaders)
    const waiting = yield* Queue.dropping<ReadonlyArray<PostFact>>(waitingMax)
    const fetchOf = (home: number, own: ReadonlyArray<PostFact>) =>
      fetch(home, own.map(({ id, version }) => ({ id, version }))).pipe(
        Effect.timeout(fetchMillisMax),
        Effect.tap(() => Effect.sync(() => void (Metrics.contentAhead.value += own.length))),
        Effect.catchCause(notFetched)
      )
    const fetchFew = (facts: ReadonlyArray<PostFact>) =>
      Effect.gen(function*() {
        const many = new Set<AccountId>()
        for (const author of new Set(facts.map((fact) => fact.author))) if (yield* hasMany(author)) many.add(author)
        const wanted = facts.filter((fact) => many.has(fact.author) && fact.repostOf === null)
        const byHome = Map.groupBy(wanted, (fact) => Datacenters.homeOf(world.datacenters, fact.id))
        for (const [home, own] of byHome) {
          if (home === undefined) continue
          yield* fetchOf(home, own)
        }
      })
    yield* Queue.take(waiting).pipe(
      Effect.flatMap(fetchFew),
      Effect.catchCause(notFetched),
      Effect.forever,
      Effect.forkScoped
    )
    /** Copies of posts that were edited or ended go, and so does the memory that there was none. */
    return (news: ReadonlyArray<Posted>): Effect.Effect<void> =>
      Effect.gen(function*() {
        yield* Effect.catch(world.copies.drop(news.map((fact) => fact.id)), (error) => Effect.logDebug("copies were not dropped", error))
        const posts = news.filter((fact) => fact._tag === "Post")
        if (posts.length > 0) Queue.offerUnsafe(waiting, posts)
      })
  })
