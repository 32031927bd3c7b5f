/** Likes and reposts. They act on what a wrapper wraps, never on the wrapper. */
import type { Post } from "@rookery/domain/Post"
import { Effect, Schema } from "effect"
import { randomUUID } from "node:crypto"
import type { Deps } from "../Deps.ts"
import { forbidden } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { personal, type Request, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import { statusAnswer } from "./shared.ts"
import { dropAround } from "./statuses.ts"

const decodeReblog = Input.decoder(Schema.Struct({
  visibility: Schema.optionalKey(Schema.NullOr(Schema.Literals(["public", "unlisted", "private", ""])))
}))

/** The post that the path means, if the caller may see it. */
const targetOf = (deps: Deps, request: Request, me: Account) =>
  Effect.flatMap(Input.postId(request.params[0]!), (id) =>
    Effect.map(deps.reader.one(me, id), (item) => (item.inner ?? item).rendered.post))

const setLike = (deps: Deps, liked: boolean) =>
  personal("POST", `/api/v1/statuses/:id/${liked ? "favourite" : "unfavourite"}`, "write:favourites", (request, me) =>
    Effect.gen(function*() {
      const target = yield* targetOf(deps, request, me)
      const post = yield* deps.calls.setLike(target.id, me.id, liked)
      deps.hydration.dropPost(post.id)
      return yield* statusAnswer(deps, me, yield* deps.hydration.wrap(post))
    }))

const mayRepost = (me: Account, target: Post): boolean =>
  target.visibility === "public" || target.visibility === "unlisted" ||
  (target.visibility === "private" && target.author === me.id)

const reblog = (deps: Deps) => personal("POST", "/api/v1/statuses/:id/reblog", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const { visibility } = yield* decodeReblog(request.fields)
    const target = yield* targetOf(deps, request, me)
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
    dropAround(deps, me, wrapper)
    return yield* statusAnswer(deps, me, yield* deps.hydration.wrap(wrapper))
  }))

const unreblog = (deps: Deps) => personal("POST", "/api/v1/statuses/:id/unreblog", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const target = yield* targetOf(deps, request, me)
    const wrapper = yield* deps.posts.repostBy(me.id, target.id)
    if (wrapper !== undefined) {
      // Deleted by another request in the meantime is as good as deleted by this one.
      yield* Effect.catchTag(deps.calls.remove(wrapper, me.id), "ApiError", (error) =>
        error.status === 404 ? Effect.void : Effect.fail(error))
      deps.hydration.dropPost(wrapper)
    }
    deps.hydration.dropPost(target.id)
    deps.hydration.dropAccountNo(me.no)
    return yield* statusAnswer(deps, me, yield* deps.reader.one(me, target.id))
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  setLike(deps, true),
  setLike(deps, false),
  reblog(deps),
  unreblog(deps)
]
