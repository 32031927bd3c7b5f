/** What one Author actor holds: its row and its followers, both rebuilt from the database whenever they are in doubt. */
import type { AccountId } from "@rookery/domain/Ids"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import type { Edge, ModeRow } from "@rookery/protocol/Author"
import { NotFound } from "@rookery/protocol/Errors"
import type { AuthorRow } from "@rookery/store/AuthorStore"
import { Effect, Semaphore } from "effect"
import type { Audience, Audiences } from "./Audiences.ts"

export interface AuthorState {
  readonly account: AccountId
  /** The row as this actor last knew it. `undefined` before the first load and after a doubt. */
  row: AuthorRow | undefined
  audience: Audience | undefined
  /** Under which both were read. */
  generation: number
  /** Where both are read. */
  readonly source: Audiences
  /** One load of row or followers at a time. */
  readonly loading: Semaphore.Semaphore
  /** One transition at a time. */
  readonly transition: Semaphore.Semaphore
  /** Fan-outs of this author that this runner drives. */
  backlog: number
}

export const make = (account: AccountId, source: Audiences): AuthorState => ({
  account,
  row: undefined,
  audience: undefined,
  generation: source.generation(),
  source,
  loading: Semaphore.makeUnsafe(1),
  transition: Semaphore.makeUnsafe(1),
  backlog: 0
})

const forgetOutdated = (state: AuthorState): void => {
  const generation = state.source.generation()
  if (state.generation === generation) return
  state.generation = generation
  state.row = undefined
  state.audience = undefined
}

const newer = (known: AuthorRow | undefined, other: AuthorRow): AuthorRow =>
  known === undefined || known.version < other.version ? other : known

/** The version that the next commit names; undefined while the row is not known. */
export const versionOf = (state: AuthorState): number | undefined => {
  forgetOutdated(state)
  return state.row?.version
}

/**
 * Takes in what a commit of this actor says of the row. What is known of it already comes from edges too, so only its version
 * is. `generation` is that of before the commit: a row that was to be forgotten since is not learned.
 */
export const learn = (state: AuthorState, row: AuthorRow, generation: number): void => {
  forgetOutdated(state)
  if (state.generation !== generation) return
  state.row = state.row === undefined ? row : { ...state.row, version: Math.max(state.row.version, row.version) }
}

/** For whoever holds `loading`, which is not to be waited for again: the row may be forgotten at any time. */
const readRow = (state: AuthorState): Effect.Effect<AuthorRow, unknown> =>
  Effect.gen(function*() {
    if (state.row !== undefined) return state.row
    const loaded = yield* state.source.row(state.account)
    if (loaded === undefined) return yield* Effect.fail(new NotFound({ what: "account" }))
    // A commit may have told of a newer one meanwhile.
    return state.row = newer(state.row, loaded)
  })

const readFollowers = (state: AuthorState): Effect.Effect<FollowerSet.FollowerSet, unknown> =>
  Effect.gen(function*() {
    state.audience ??= yield* state.source.followers(state.account, (yield* readRow(state)).edgeSequence)
    return state.audience.followers
  })

/** The row, read when it is not known. */
export const row = (state: AuthorState): Effect.Effect<AuthorRow, unknown> =>
  Effect.suspend(() => {
    forgetOutdated(state)
    return state.row !== undefined ? Effect.succeed(state.row) : state.loading.withPermits(1)(readRow(state))
  })

/** The followers, read when they are not known. */
export const followers = (state: AuthorState): Effect.Effect<FollowerSet.FollowerSet, unknown> =>
  Effect.suspend(() => {
    forgetOutdated(state)
    return state.audience !== undefined ? Effect.succeed(state.audience.followers) : state.loading.withPermits(1)(readFollowers(state))
  })

/** Takes an edge in when it is the next one; a gap makes the next use read the whole set. */
export const applyEdge = (state: AuthorState, edge: Edge): void => {
  const { audience } = state
  if (audience === undefined || edge.sequence <= audience.edgeSequence) return
  if (edge.sequence > audience.edgeSequence + 1) {
    state.audience = undefined
    state.row = undefined
    return
  }
  audience.edgeSequence = edge.sequence
  if (edge.active) FollowerSet.add(audience.followers, edge.followerShard, edge.followerNo)
  else FollowerSet.remove(audience.followers, edge.followerShard, edge.followerNo)
  state.source.keep(state.account, audience)
}

export const modeRow = (row: AuthorRow): ModeRow => ({
  author: row.author,
  authorNo: row.authorNo,
  mode: row.mode,
  epoch: row.epoch
})
