/** Likes and reposts. They act on what a wrapper wraps, never on the wrapper. */
import type { PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import { randomUUID } from "node:crypto"
import type { Deps } from "../Deps.ts"
import { type ApiError, forbidden, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { personal, type Request, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "../read/Hydration.ts"
import * as Rules from "../read/Rules.ts"
import { changedAnswer, statusAnswer, targetOf } from "./shared.ts"
import { published } from "./statuses.ts"

const decodeReblog = Input.decoder(Schema.Struct({
  visibility: Schema.optionalKey(Schema.NullOr(Schema.Literals(["public", "unlisted", "private", ""])))
}))

/**
 * How old what is known of a liked post may be, in milliseconds. Every like changes the post, so a hot one would be read
 * again for each; who may see it hardly ever changes, and is asked of the answer once more.
 */
const knownMillis = 1_000
const knownMax = 1_000

interface Known {
  readonly item: Hydrated
  readonly until: number
}

const seen = (deps: Deps, me: Account, item: Hydrated): Effect.Effect<Hydrated, ApiError | StoreError> =>
  Effect.flatMap(Rules.visible(deps, me, [item], "named"), ([shown]) => shown === undefined ? Effect.fail(notFound()) : Effect.succeed(shown))

/** The post that a like means, if the caller may see it; posts that many like are remembered for a moment. */
const makeLikeTargets = (deps: Deps) => {
  const known = new Map<bigint, Known>()
  const remember = (id: bigint, item: Hydrated): void => {
    if (known.size >= knownMax) known.delete(known.keys().next().value!)
    known.set(id, { item, until: performance.now() + knownMillis })
  }
  const itemOf = (id: PostId, me: Account): Effect.Effect<Hydrated, ApiError | StoreError> =>
    Effect.suspend(() => {
      const found = known.get(id)
      if (found !== undefined && found.until > performance.now()) return seen(deps, me, found.item)
      known.delete(id)
      return Effect.tap(deps.reader.one(me, id), (item) => Effect.sync(() => remember(id, item)))
    })
  return (request: Request, me: Account) =>
    Effect.flatMap(Input.postId(request.params[0]!), (id) =>
      Effect.map(itemOf(id, me), (item) => item.inner ?? item))
}

const setLike = (deps: Deps, likeTargetOf: ReturnType<typeof makeLikeTargets>, liked: boolean) =>
  personal("POST", `/api/v1/statuses/:id/${liked ? "favourite" : "unfavourite"}`, "write:favourites", (request, me) =>
    Effect.gen(function*() {
      const before = yield* likeTargetOf(request, me)
      const post = yield* deps.calls.setLike(before.rendered.id, me.id, liked)
      deps.hydration.dropPost(post.id)
      return yield* statusAnswer(deps, me, yield* seen(deps, me, yield* deps.hydration.wrap(post, before)))
    }))

const mayRepost = (me: Account, target: Post): boolean =>
  target.visibility === "public" || target.visibility === "unlisted" ||
  (target.visibility === "private" && target.author === me.id)

const reblog = (deps: Deps) => personal("POST", "/api/v1/statuses/:id/reblog", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const { visibility } = yield* decodeReblog(request.fields)
    const before = yield* targetOf(deps, request)
    const target = before.rendered.post
    if (!mayRepost(me, target)) return yield* Effect.fail(forbidden("This action is not allowed"))
    const wrapper = yield* deps.calls.publish(me.id, `r:${randomUUID()}`, {
      text: "",
      spoiler: "",
      sensitive: false,
      // A repost of what only followers see is for followers too.
      visibility: target.visibility === "private" ? "private" : visibility || "public",
      language: null,
      replyTo: null,
      repostOf: target.id
    })
    published(deps, wrapper)
    return yield* statusAnswer(deps, me, yield* deps.hydration.wrap(wrapper, before))
  }))

const unreblog = (deps: Deps) => personal("POST", "/api/v1/statuses/:id/unreblog", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const target = yield* targetOf(deps, request)
    const { id } = target.rendered
    const wrapper = yield* deps.posts.repostBy(me.id, id)
    if (wrapper !== undefined) {
      // Deleted by another request in the meantime is as good as deleted by this one.
      yield* Effect.catchTag(deps.calls.remove(wrapper, me.id), "ApiError", (error) =>
        error.status === 404 ? Effect.void : Effect.fail(error))
      deps.hydration.dropPost(wrapper)
    }
    deps.hydration.dropPost(id)
    deps.hydration.dropAccountNo(me.no)
    return yield* changedAnswer(deps, me, target)
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const likeTargetOf = makeLikeTargets(deps)
  return [setLike(deps, likeTargetOf, true), setLike(deps, likeTargetOf, false), reblog(deps), unreblog(deps)]
}
