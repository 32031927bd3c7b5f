/** Behaviour of `Author`. Posts go through the runner's group commit; fan-out goes on after the answer. */
import { AccountId } from "@rookery/domain/Ids"
import { type Post, visibilityNumber } from "@rookery/domain/Post"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import { Author } from "@rookery/protocol/Author"
import { AuthorStore } from "@rookery/store/AuthorStore"
import { Effect } from "effect"
import { Entity } from "effect/cluster"
import * as AuthorState from "./AuthorState.ts"
import * as FanoutDriver from "./FanoutDriver.ts"
import * as OwnWindow from "./OwnWindow.ts"
import type { PublishGroup } from "./PublishGroup.ts"
import * as Publishing from "./Publishing.ts"
import type { Runner } from "./Runner.ts"
import * as Transitions from "./Transitions.ts"
import { orUnavailable } from "./Unavailability.ts"

export const AuthorLive = (runner: Runner, group: PublishGroup) =>
  Author.toLayer(
    Effect.gen(function*() {
      const { entityId } = yield* Entity.CurrentAddress
      const authors = yield* AuthorStore
      const state = AuthorState.make(AccountId.make(BigInt(entityId)), runner.audiences)

      const driveLater = (row: Parameters<typeof FanoutDriver.drive>[3]) =>
        Effect.sync(() =>
          runner.runFork(
            Effect.catch(FanoutDriver.drive(runner, state, authors, row), (error) =>
              Effect.logDebug("a fan-out is left to the outbox", error))
          )
        )

      const reconsiderLater = Effect.sync(() =>
        runner.runFork(
          Effect.catch(Transitions.reconsider(runner, state, authors), (error) =>
            Effect.logDebug("a transition is left to the outbox", error))
        )
      )

      // A post is in its author's own window before it is acknowledged. A shard that does not take it now has no window,
      // or gets it with the fan-out. A repeat may come from one whose first answer, and window, were lost.
      const deliverToSelf = (post: Post) => OwnWindow.deliver(runner, state.account, post.authorNo, post.id)

      const afterCommit = (committed: Publishing.Committed) => {
        if (committed._tag === "Repeated") return deliverToSelf(committed.post)
        const { outboxId, post } = committed
        const task = {
          _tag: "Fanout" as const,
          postId: post.id,
          replyTo: post.replyTo,
          repostOf: post.repostOf,
          visibility: visibilityNumber(post.visibility)
        }
        return Effect.andThen(
          driveLater({ id: outboxId, task, progress: new Uint8Array(0), post }),
          deliverToSelf(post)
        )
      }

      const resume = (outboxId: bigint) =>
        Effect.gen(function*() {
          if (runner.driving.has(outboxId)) return
          const row = yield* runner.take(outboxId)
          if (row === undefined) return
          yield* FanoutDriver.drive(runner, state, authors, row)
        })

      return Author.of({
        Publish: ({ payload }) =>
          Publishing.commit(state, group, payload.requestKey, payload.draft).pipe(
            Effect.tap(afterCommit),
            Effect.map((committed) => committed.post)
          ),
        ApplyEdge: ({ payload }) =>
          orUnavailable(Effect.gen(function*() {
            yield* AuthorState.followers(state)
            AuthorState.applyEdge(state, payload.edge)
            const row = yield* AuthorState.row(state)
            const followers = yield* AuthorState.followers(state)
            state.row = { ...row, followers: followers.count }
            yield* reconsiderLater
            return AuthorState.modeRow(row)
          })),
        SetOverride: ({ payload }) =>
          orUnavailable(Effect.gen(function*() {
            const { outboxId, row } = yield* Transitions.setOverride(state, authors, payload.override)
            // Set on the way between two modes, it leaves a row of its own, which would else wait for a sweep.
            yield* outboxId === undefined
              ? reconsiderLater
              : driveLater({ id: outboxId, task: { _tag: "Transition", epoch: row.epoch }, progress: new Uint8Array(0) })
            return AuthorState.modeRow(row)
          })),
        Resume: ({ payload }) => orUnavailable(resume(payload.outboxId)),
        Describe: () =>
          orUnavailable(Effect.gen(function*() {
            const followers = yield* AuthorState.followers(state)
            const row = yield* AuthorState.row(state)
            return {
              mode: AuthorState.modeRow(row),
              followers: followers.count,
              followerBytes: FollowerSet.byteLength(followers),
              backlog: state.backlog
            }
          }))
      })
    }),
    { concurrency: "unbounded", disableFatalDefects: true }
  )
