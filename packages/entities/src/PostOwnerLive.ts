/** Behaviour of `PostOwner`: one writer for each post. Likes that come together are one transaction. */
import { Bus } from "@rookery/bus/Bus"
import { type AccountId, PostId } from "@rookery/domain/Ids"
import * as Media from "@rookery/domain/Media"
import { parentsOf, type Post } from "@rookery/domain/Post"
import { NotFound, Refused, Unavailable } from "@rookery/protocol/Errors"
import { PostOwner } from "@rookery/protocol/PostOwner"
import type { Act } from "@rookery/store/ModerationStore"
import { type EditChange, PostStore } from "@rookery/store/PostStore"
import { Effect, Semaphore } from "effect"
import { Entity } from "effect/cluster"
import * as Hints from "./Hints.ts"
import type { LikeGroup } from "./LikeGroup.ts"
import * as Notices from "./Notices.ts"
import { noMedia } from "./Publishing.ts"
import type { Runner } from "./Runner.ts"

const staleMax = 5

const asAnswer = (error: unknown): NotFound | Refused | Unavailable =>
  error instanceof NotFound || error instanceof Refused || error instanceof Unavailable ? error : new Unavailable({ reason: String(error) })

const gone = new NotFound({ what: "post" })

export const PostOwnerLive = (runner: Runner, likes: LikeGroup) =>
  PostOwner.toLayer(
    Effect.gen(function*() {
      const { entityId } = yield* Entity.CurrentAddress
      const id = PostId.make(BigInt(entityId))
      const posts = yield* PostStore
      const bus = yield* Bus
      const turn = Semaphore.makeUnsafe(1)

      const load = Effect.flatMap(posts.byIds([id]), ([post]) =>
        post === undefined ? Effect.fail(gone) : Effect.succeed(post))

      const owned = (by: AccountId) =>
        Effect.flatMap(load, (post) => (post.author === by ? Effect.succeed(post) : Effect.fail(gone)))

      // The author's actor takes the outbox row up at once; should it not, the sweeper does.
      const driveLater = (author: AccountId, outboxId: bigint) =>
        Effect.sync(() =>
          runner.runFork(
            runner.actors.author(String(author)).Resume({ outboxId }).pipe(
              Effect.timeout(runner.settings.claimMillis),
              Effect.catch((error) => Effect.logDebug("a change of a post is left to the outbox", error))
            )
          )
        )

      /** An end lowers the counters of what the post answered or reposted. */
      const changedBy = (kind: "edit" | "delete", post: Post): ReadonlyArray<PostId> =>
        kind === "edit" ? [id] : [id, ...parentsOf(post)]

      const afterWrite = (kind: "edit" | "delete", written: { readonly post: Post; readonly outboxId: bigint }) =>
        Hints.postsChanged(bus, changedBy(kind, written.post)).pipe(
          Effect.andThen(Hints.topicEvent(bus, kind, written.post)),
          Effect.andThen(driveLater(written.post.author, written.outboxId))
        )

      const isSame = (post: Post, change: EditChange): boolean =>
        post.text === change.text && post.spoiler === change.spoiler && post.sensitive === change.sensitive &&
        post.language === change.language && (change.media === undefined || Media.isCarried(post.media, change.media))

      const editOnce = (by: AccountId, change: EditChange) =>
        Effect.gen(function*() {
          const post = yield* owned(by)
          if (isSame(post, change)) return post
          const written = yield* Effect.catchTag(posts.edit(id, post.version, change), "NoMedia", () =>
            Effect.fail(new Refused({ reason: noMedia })))
          if (written === undefined) return undefined
          Notices.due(runner)
          yield* afterWrite("edit", written)
          return written.post
        })

      const edit = (by: AccountId, change: EditChange) =>
        editOnce(by, change).pipe(
          Effect.repeat({ while: (post) => post === undefined, times: staleMax }),
          Effect.flatMap((post) =>
            post === undefined ? Effect.fail(new Unavailable({ reason: "another owner is writing" })) : Effect.succeed(post)
          )
        )

      const removeNow = (act?: Act) =>
        Effect.gen(function*() {
          const written = yield* posts.remove(id, act)
          if (written === undefined) return yield* Effect.fail(gone)
          yield* afterWrite("delete", written)
          return written.post
        })

      /** Recovers with what the first of several calls was answered: the post as it was when it was deleted, for its author or, without one, for anybody. */
      const orAsBefore = (again = false, author?: AccountId) =>
        Effect.catchIf((error: unknown) => again && error === gone, () =>
          Effect.flatMap(posts.deleted(id), (post) =>
            post === undefined || (author !== undefined && post.author !== author) ? Effect.fail(gone) : Effect.succeed(post)))

      const remove = ({ again, by }: { readonly by: AccountId; readonly again?: boolean }) =>
        Effect.andThen(owned(by), removeNow()).pipe(orAsBefore(again, by))

      const moderate = ({ again, ...act }: Act & { readonly again?: boolean }) => removeNow(act).pipe(orAsBefore(again))

      const setLike = (account: AccountId, liked: boolean) =>
        Effect.flatMap(likes.setLike({ postId: id, account, liked }), (post) =>
          post === undefined ? Effect.fail(gone) : Effect.succeed(post))

      return PostOwner.of({
        Edit: ({ payload: { by, ...change } }) =>
          Effect.mapError(turn.withPermits(1)(edit(by, change)), asAnswer),
        Delete: ({ payload }) => Effect.mapError(turn.withPermits(1)(remove(payload)), asAnswer),
        Moderate: ({ payload }) => Effect.mapError(turn.withPermits(1)(moderate(payload)), asAnswer),
        SetLike: ({ payload }) =>
          Effect.mapError(setLike(payload.by, payload.liked), asAnswer)
      })
    }),
    { concurrency: "unbounded", disableFatalDefects: true }
  )
