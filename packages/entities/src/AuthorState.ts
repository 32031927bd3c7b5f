/** What one Author actor holds: its row and its followers, both rebuilt from the database whenever they are in doubt. */
import type { AccountId } from "@rookery/domain/Ids"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import type { Edge, ModeRow } from "@rookery/protocol/Author"
import { NotFound } from "@rookery/protocol/Errors"
import type { AuthorStore } from "@rookery/store/AuthorStore";
import { type AuthorRow } from "@rookery/store/AuthorStore"
import { Effect, Semaphore } from "effect"

export interface AuthorState {
  readonly account: AccountId
  /** The row as this actor last knew it. `undefined` before the first load and after a doubt. */
  row: AuthorRow | undefined
  followers: FollowerSet.FollowerSet | undefined
  /** The newest change that `followers` contains. */
  edgeSequence: number
  /** One load of row or followers at a time. */
  readonly loading: Semaphore.Semaphore
  /** One transition at a time. */
  readonly transition: Semaphore.Semaphore
  /** Fan-outs of this author that this runner drives. */
  backlog: number
}

export const make = (account: AccountId): AuthorState => ({
  account,
  row: undefined,
  followers: undefined,
  edgeSequence: 0,
  loading: Semaphore.makeUnsafe(1),
  transition: Semaphore.makeUnsafe(1),
  backlog: 0
})

/** The row, read when it is not known. */
export const row = (state: AuthorState, authors: AuthorStore["Service"]): Effect.Effect<AuthorRow, unknown> => {
  const read = Effect.gen(function*() {
    if (state.row !== undefined) return state.row
    const loaded = yield* authors.load(state.account)
    if (loaded === undefined) return yield* Effect.fail(new NotFound({ what: "account" }))
    state.row = loaded
    return loaded
  })
  return state.row !== undefined ? Effect.succeed(state.row) : state.loading.withPermits(1)(read)
}

/** The followers, read when they are not known. */
export const followers = (
  state: AuthorState,
  authors: AuthorStore["Service"]
): Effect.Effect<FollowerSet.FollowerSet, unknown> => {
  const read = Effect.gen(function*() {
    if (state.followers !== undefined) return state.followers
    const loaded = yield* authors.followers(state.account)
    state.followers = FollowerSet.fromRows(loaded.followers)
    state.edgeSequence = loaded.edgeSequence
    return state.followers
  })
  return state.followers !== undefined ? Effect.succeed(state.followers) : state.loading.withPermits(1)(read)
}

/** Takes an edge in when it is the next one; a gap makes the next use read the whole set. */
export const applyEdge = (state: AuthorState, edge: Edge): void => {
  if (state.followers === undefined || edge.sequence <= state.edgeSequence) return
  if (edge.sequence > state.edgeSequence + 1) {
    state.followers = undefined
    return
  }
  state.edgeSequence = edge.sequence
  if (edge.active) FollowerSet.add(state.followers, edge.followerShard, edge.followerNo)
  else FollowerSet.remove(state.followers, edge.followerShard, edge.followerNo)
}

export const modeRow = (row: AuthorRow): ModeRow => ({
  author: row.author,
  authorNo: row.authorNo,
  mode: row.mode,
  epoch: row.epoch
})
