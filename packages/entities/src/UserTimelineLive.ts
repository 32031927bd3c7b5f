/**
 * Behaviour of `UserTimeline`: writes what this account does to others, one change at a time. Edges are carried to the
 * followee's Author, and what windows must know to theirs.
 */
import { Bus } from "@rookery/bus/Bus"
import { AccountId, type LocalNo } from "@rookery/domain/Ids"
import { NotFound, Refused, Unavailable } from "@rookery/protocol/Errors"
import { type FollowFlags, UserTimeline } from "@rookery/protocol/UserTimeline"
import { AccountStore } from "@rookery/store/AccountStore"
import { type EdgeRow, type FollowResult, FollowStore } from "@rookery/store/FollowStore"
import { type RelationChange, RelationStore } from "@rookery/store/RelationStore"
import { Effect, Latch, Semaphore } from "effect"
import { Entity } from "effect/cluster"
import * as Hints from "./Hints.ts"
import * as Relating from "./Relating.ts"
import * as Notices from "./Notices.ts"
import type { Runner } from "./Runner.ts"
import * as Unlocking from "./Unlocking.ts"
import { orUnavailable } from "./Unavailability.ts"

const staleMax = 5

/**
 * Milliseconds that an answer may wait until the followee's Author knows of the edge. Then their next post is a live event;
 * with an Author that is out of reach for longer it comes with the backfill, without one.
 */
const applyMillisMax = 250

/** Tells the followee's Author, fills the follower's window in, and ends the outbox row. Repeats are harmless. */
const carryEdge = (runner: Runner, edge: EdgeRow, outboxId: bigint, onApplied = () => {}): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const mode = yield* runner.actors.author(String(edge.followee)).ApplyEdge({
      edge: {
        follower: edge.follower,
        followerNo: edge.followerNo,
        followerShard: edge.followerShard,
        sequence: edge.sequence,
        active: edge.active
      }
    })
    onApplied()
    if (edge.active) {
      yield* runner.actors.timelineShard(runner.directory.timelineShardId(edge.followerShard)).Backfill({
        readerNo: edge.followerNo,
        followeeNo: edge.followeeNo,
        followee: edge.followee,
        mode
      })
    }
    yield* runner.done(outboxId)
  }).pipe(Effect.timeout(runner.settings.claimMillis))

export const UserTimelineLive = (runner: Runner) =>
  UserTimeline.toLayer(
    Effect.gen(function*() {
      const { entityId } = yield* Entity.CurrentAddress
      const reader = AccountId.make(BigInt(entityId))
      const shard = runner.actors.timelineShard(runner.directory.timelineShardId(runner.directory.shardOf(entityId)))
      const follows = yield* FollowStore
      const accounts = yield* AccountStore
      const relations = yield* RelationStore
      const bus = yield* Bus
      const turn = Semaphore.makeUnsafe(1)
      let known: { readonly followVersion: number; readonly no: LocalNo } | undefined

      const loadReader = Effect.gen(function*() {
        known ??= yield* follows.reader(reader)
        if (known === undefined) return yield* Effect.fail(new NotFound({ what: "account" }))
        return known
      })

      const commit = (followee: AccountId, following: boolean, flags: FollowFlags | undefined) =>
        Effect.gen(function*() {
          const { followVersion } = yield* loadReader
          const claimMillis = runner.settings.claimMillis
          const change = { follower: reader, followee, following, followVersion, claimMillis }
          return yield* follows.set(flags === undefined ? change : { ...change, flags })
        }).pipe(
          // Whether a write that failed happened is unknown, and with it the version.
          Effect.onError(() => Effect.sync(() => (known = undefined))),
          Effect.tap((result) => Effect.sync(() => (known = result._tag === "Stale" ? undefined : known))),
          Effect.repeat({ while: (result: FollowResult) => result._tag === "Stale", times: staleMax })
        )

      const tellShard = (followVersion: number, followee: AccountId, followeeNo: LocalNo, following: boolean) =>
        Effect.gen(function*() {
          const { no } = yield* loadReader
          known = { no, followVersion }
          yield* shard.ChangeFollow({ readerNo: no, followVersion, followeeNo, followee, following }).pipe(
            Effect.timeout(runner.settings.messageTimeoutMillis)
          )
        })

      /** Answers how to wait until the Author knows. */
      const carryLater = (edge: EdgeRow, outboxId: bigint) =>
        Effect.sync(() => {
          const applied = Latch.makeUnsafe()
          runner.runFork(
            Effect.catch(carryEdge(runner, edge, outboxId, () => applied.openUnsafe()), (error) =>
              Effect.logDebug("an edge is left to the outbox", error))
          )
          return Effect.asVoid(Effect.timeoutOption(applied.await, applyMillisMax))
        })

      // A repeat tells the window too: the first answer may have been lost before the window heard.
      const settleSame = (followVersion: number, followee: AccountId, following: boolean) =>
        Effect.gen(function*() {
          const [account] = yield* accounts.byIds([followee])
          if (account !== undefined) yield* tellShard(followVersion, followee, account.no, following)
        })

      const settle = (result: FollowResult, followee: AccountId, following: boolean): Effect.Effect<void, unknown> => {
        switch (result._tag) {
          case "Changed":
            Notices.due(runner)
            return Effect.flatMap(carryLater(result.edge, result.outboxId), (applied) =>
              Effect.andThen(tellShard(result.edge.followVersion, followee, result.edge.followeeNo, following), applied))
          case "Same":
            return settleSame(result.followVersion, followee, following)
          case "NotFound":
            return Effect.fail(new NotFound({ what: "account" }))
          case "Requested":
            Notices.due(runner)
            return Effect.void
          case "Blocked":
            return Effect.fail(new Refused({ reason: "one of the two blocks the other" }))
          case "Full":
            return Effect.fail(new Refused({ reason: "this account follows as many as it may" }))
          case "Stale":
            return Effect.fail(new Unavailable({ reason: "another owner is writing" }))
        }
      }

      const setFollow = (followee: AccountId, following: boolean, flags: FollowFlags | undefined) =>
        followee === reader
          ? Effect.fail(new Refused({ reason: "nobody follows themselves" }))
          : commit(followee, following, flags).pipe(
            Effect.flatMap((result) => settle(result, followee, following)),
            // Fronts know whose reposts are not wanted.
            Effect.andThen(flags === undefined ? Effect.void : Hints.relationsChanged(bus, [reader]))
          )

      const relating = Relating.make(runner, {
        relations,
        bus,
        reader,
        loadReader,
        forgetReader: () => {
          known = undefined
        },
        carryLater: (edge, outboxId) => Effect.asVoid(carryLater(edge, outboxId))
      })

      /** The change may have raised this account's own version. */
      const relate = (other: AccountId, change: RelationChange) =>
        relating.change(other, change).pipe(
          Effect.onError(() => Effect.sync(() => (known = undefined))),
          Effect.tap((followVersion) =>
            Effect.sync(() => {
              if (known !== undefined && followVersion !== undefined) known = { ...known, followVersion }
            })
          )
        )

      const inTurn = <A>(change: Effect.Effect<A, unknown>) =>
        Effect.mapError(Effect.asVoid(turn.withPermits(1)(change)), asAnswer)

      const resumeEdge = (outboxId: bigint) =>
        Effect.gen(function*() {
          const row = yield* runner.take(outboxId)
          if (row?.task._tag === "Edge") yield* carryEdge(runner, row.task.edge, row.id)
          if (row?.task._tag === "Relation") yield* Relating.carry(runner, row.task.windows, row.id)
          if (row?.task._tag === "Unlocked") {
            const accept = (follower: AccountId) => inTurn(relate(follower, { _tag: "Answer", accepted: true }))
            yield* Effect.andThen(Unlocking.acceptWaiting(reader, { accounts, relations, accept }), runner.done(row.id))
          }
        })

      const asAnswer = (error: unknown): Unavailable | NotFound | Refused =>
        error instanceof NotFound || error instanceof Refused || error instanceof Unavailable
          ? error
          : new Unavailable({ reason: String(error) })

      return UserTimeline.of({
        SetFollow: ({ payload }) => inTurn(setFollow(payload.followee, payload.following, payload.flags)),
        SetBlock: ({ payload }) => inTurn(relate(payload.other, { _tag: "Block", blocked: payload.blocked })),
        SetMute: ({ payload: { millis, muted, notifications, other } }) =>
          inTurn(relate(other, muted ? { _tag: "Mute", notifications, millis } : { _tag: "Unmute" })),
        AnswerFollow: ({ payload }) =>
          inTurn(relate(payload.follower, { _tag: "Answer", accepted: payload.accepted })),
        RemoveFollower: ({ payload }) => inTurn(relate(payload.follower, { _tag: "RemoveFollower" })),
        ResumeEdge: ({ payload }) => orUnavailable(resumeEdge(payload.outboxId))
      })
    }),
    { concurrency: "unbounded", disableFatalDefects: true }
  )
