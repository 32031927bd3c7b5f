/**
 * Where Author actors learn their row and their followers: many in one query, and the follower sets of those who published
 * lately from memory. An actor is gone some seconds after its last message; its followers, a few bytes
 * each, stay, since to read them again costs more than the post. A kept set is used only at the sequence that the row names.
 */
import type { AccountId } from "@rookery/domain/Ids"
import * as ClockMap from "@rookery/domain/ClockMap"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import { audienceHits, audienceLoads } from "@rookery/observe/Metrics"
import { NotFound } from "@rookery/protocol/Errors"
import { type AuthorRow, AuthorStore } from "@rookery/store/AuthorStore"
import { Effect } from "effect"
import * as GroupCommit from "./GroupCommit.ts"

/** Shared between actor and memory: changed in place. */
export interface Audience {
  readonly followers: FollowerSet.FollowerSet
  /** The newest change that `followers` contains. */
  edgeSequence: number
}

export interface Audiences {
  readonly row: (author: AccountId) => Effect.Effect<AuthorRow | undefined, unknown>
  /** The followers as of `edgeSequence`, which was read from the database just now, or later. */
  readonly followers: (author: AccountId, edgeSequence: number) => Effect.Effect<Audience, unknown>
  /** Says that the set has changed, and with it its size. */
  readonly keep: (author: AccountId, audience: Audience) => void
  /** Rises when rows were changed past the actors: what one learned under an earlier number it has to read again. */
  readonly generation: () => number
  readonly raiseGeneration: () => void
}

const rowsMax = 256
/** Sets in one query, and queries at once: a large set does not hold up all others. */
const setsMax = 16
const queriesMax = 2
/** How long the first of a query waits for others, in milliseconds: the post is acknowledged by then. */
const gatherMillis = 4

/** Of the objects around a set. */
const objectBytes = 600

export const make = (bytesMax: number) =>
  Effect.gen(function*() {
    const authors = yield* AuthorStore
    const kept = ClockMap.make<AccountId, Audience>(bytesMax)

    const rows = yield* GroupCommit.make(
      (accounts: ReadonlyArray<AccountId>) =>
        Effect.map(authors.loadMany(accounts), (found) => {
          const byAuthor = new Map(found.map((row) => [row.author, row]))
          return accounts.map((account) => byAuthor.get(account))
        }),
      rowsMax
    )
    const loadSets = (accounts: ReadonlyArray<AccountId>) =>
      Effect.map(authors.followersOf(accounts), (found) => {
        audienceLoads.value += accounts.length
        const byAuthor = new Map(found.map((set) => [set.author, set]))
        return accounts.map((account) => byAuthor.get(account))
      })
    const sets = yield* Effect.all(Array.from({ length: queriesMax }, () => GroupCommit.make(loadSets, setsMax, gatherMillis)))
    let turn = 0
    let generation = 0

    const keep = (author: AccountId, audience: Audience): void =>
      kept.set(author, audience, objectBytes + FollowerSet.byteLength(audience.followers), Number.POSITIVE_INFINITY)

    const load = (author: AccountId) =>
      Effect.flatMap(sets[turn++ % queriesMax]!.commit(author), (set) => {
        if (set === undefined) return Effect.fail(new NotFound({ what: "account" }))
        const audience = { followers: FollowerSet.from(set.numbers, set.shards), edgeSequence: set.edgeSequence }
        keep(author, audience)
        return Effect.succeed(audience)
      })

    return {
      row: rows.commit,
      followers: (author, edgeSequence) =>
        Effect.suspend(() => {
          const slot = kept.find(author, 0)
          const known = slot === -1 ? undefined : kept.valueAt(slot)
          if (known?.edgeSequence !== edgeSequence) return load(author)
          audienceHits.value++
          return Effect.succeed(known)
        }),
      keep,
      generation: () => generation,
      raiseGeneration: () => void generation++
    } satisfies Audiences
  })
