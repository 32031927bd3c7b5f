/** Statuses: written, read, changed and deleted. */
import { PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import * as PostParts from "@rookery/domain/PostParts"
import { Effect, Schema } from "effect"
import { createHash, randomUUID } from "node:crypto"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Edge from "../http/Edge.ts"
import * as Input from "../http/Input.ts"
import { optional, personal, type Request, type Route, route } from "../http/Route.ts"
import * as MediaInput from "./mediaInput.ts"
import * as StatusInput from "./statusInput.ts"
import { statusAnswer, viewerOf } from "./shared.ts"

const idsMax = 20

const decodeIds = Input.decoder(Schema.Struct({ id: Schema.optionalKey(Input.listOf(Input.Id, 1_000)) }))

const decodeRemoval = Input.decoder(Schema.Struct({ delete_media: Schema.optionalKey(Input.Flag) }))

/** The key that makes a repeat be answered with the first result: the client's, on whatever front it comes in. */
const requestKeyOf = (request: Request): string => {
  const key = request.headers["idempotency-key"]
  return typeof key === "string" && key !== "" ? `c:${createHash("sha256").update(key).digest("hex")}` : `r:${randomUUID()}`
}

/** Drops what a change of `post` makes stale here, before the bus says so: people see their own writes. */
const dropAround = (deps: Deps, post: Post): void => {
  deps.hydration.dropPost(post.id)
  if (post.replyTo !== null) deps.hydration.dropPost(post.replyTo)
  if (post.repostOf !== null) deps.hydration.dropPost(post.repostOf)
}

/** The same for a post that was made just now. */
export const published = (deps: Deps, post: Post): void => {
  dropAround(deps, post)
  deps.authorPages.drop(post.author)
  deps.hydration.published(post)
}

/** The same for one that is gone. */
export const removed = (deps: Deps, post: Post): void => {
  dropAround(deps, post)
  deps.hydration.dropAccountNo(post.authorNo)
}

const create = (deps: Deps) => personal("POST", "/api/v1/statuses", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const [mine] = yield* deps.hydration.accounts([me.no])
    const input = StatusInput.withDefaults(yield* StatusInput.decodeStatus(request.fields), mine?.row)
    const media = (yield* MediaInput.idsOf(input)) ?? []
    const text = yield* StatusInput.written(input, deps.settings.postCharactersMax, media.length > 0)
    const parentId = Input.idOf(input.in_reply_to_id)
    const parent = parentId === undefined ? undefined : yield* deps.reader.one(me, parentId)
    const replyTo = parent === undefined ? null : (parent.inner ?? parent).rendered.id
    const post = yield* deps.calls.publish(me.id, requestKeyOf(request), {
      ...text,
      media,
      replyTo,
      repostOf: null,
      mentions: PostParts.namesOf(text.text, new URL(deps.settings.publicUrl).host)
    })
    published(deps, post)
    return yield* statusAnswer(deps, me, yield* deps.hydration.wrap(post))
  }))

const read = (deps: Deps) => route("GET", "/api/v1/statuses/:id", optional("read:statuses"), (request) =>
  Effect.gen(function*() {
    const id = yield* Input.postId(request.params[0]!)
    const viewer = viewerOf(request)
    const item = yield* deps.reader.one(viewer, id)
    deps.views.count((item.inner ?? item).rendered.id)
    return yield* statusAnswer(deps, viewer, item)
  }))

/** Many statuses by id, in order, without those that the viewer may not see. */
export const batch = (deps: Deps, request: Request, ids: ReadonlyArray<bigint>) =>
  Effect.gen(function*() {
    const viewer = viewerOf(request)
    const items = yield* deps.reader.visible(viewer, ids, "named")
    for (const item of items) deps.views.count((item.inner ?? item).rendered.id)
    return Edge.shared(request, deps.settings.limits, Answer.bytes(yield* deps.reader.present(viewer, items)))
  })

const readMany = (deps: Deps) => route("GET", "/api/v1/statuses", optional("read:statuses"), (request) =>
  Effect.gen(function*() {
    const { id } = yield* decodeIds(request.fields)
    const ids = [...new Set(Input.asList<bigint>(id))].slice(0, idsMax)
    return yield* batch(deps, request, ids)
  }))

const edit = (deps: Deps) => personal("PUT", "/api/v1/statuses/:id", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const id = yield* Input.postId(request.params[0]!)
    const input = yield* StatusInput.decodeStatus(request.fields)
    const carried = (yield* deps.reader.one(me, id)).rendered.post.media.map((one) => one.id)
    const media = yield* MediaInput.editsOf(input, carried)
    const { language, sensitive, spoiler, text } = yield* StatusInput.written(input, deps.settings.postCharactersMax, (media ?? carried).length > 0)
    const post = yield* deps.calls.edit(id, {
      by: me.id,
      text,
      spoiler,
      sensitive,
      language,
      mentions: PostParts.namesOf(text, new URL(deps.settings.publicUrl).host),
      ...(media === undefined ? {} : { media })
    })
    deps.hydration.dropPost(id)
    return yield* statusAnswer(deps, me, yield* deps.hydration.wrap(post))
  }))

/** Answers the status as it was, with its text as it was written, so that it can be drafted anew, with the same pictures unless they are to go at once. */
const remove = (deps: Deps) => personal("DELETE", "/api/v1/statuses/:id", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const id = yield* Input.postId(request.params[0]!)
    const input = yield* decodeRemoval(request.fields)
    const post = yield* deps.calls.remove(PostId.make(id), me.id)
    removed(deps, post)
    // The sweep takes them after a day anyway.
    if (input.delete_media === true) yield* deps.attachments.release(me.id, post.media.map((one) => one.id))
    const bytes = yield* deps.reader.presentOne(me, yield* deps.hydration.wrap(post))
    return Answer.json({ ...JSON.parse(bytes.toString("utf8")), text: post.text })
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [create(deps), read(deps), readMany(deps), edit(deps), remove(deps)]
