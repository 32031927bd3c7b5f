/** Pictures for posts: sent, looked at, described and thrown away before they are posted. */
import { MediaId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { invalid, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { personal, type Request, type Route, taking } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import * as Media from "../render/Media.ts"
import { About, aboutOf } from "./mediaInput.ts"

const decodeAbout = Input.decoder(Schema.Struct(About))

const idOf = (request: Request) => {
  const id = Snowflake.parse(request.params[0]!)
  return id === undefined ? Effect.fail(notFound()) : Effect.succeed(MediaId.make(id))
}

/** Both versions answer when the picture is ready: it takes a second or two at most. */
const add = (deps: Deps, path: string) => taking(["file"], personal("POST", path, "write:media", (request, me) =>
  Effect.gen(function*() {
    const about = yield* aboutOf(yield* decodeAbout(request.fields))
    const file = request.files.get("file")
    if (file === undefined || file.length === 0) return yield* Effect.fail(invalid("Validation failed: File can't be blank"))
    const media = yield* deps.gallery.add(me.id, file, { description: null, focus: null, ...about })
    return Answer.json(Media.entity(media, deps.settings))
  })))

/** One of the caller's that no post carries; 404 for others. */
const waiting = (deps: Deps, me: Account, id: MediaId) =>
  Effect.flatMap(deps.attachments.mine(me.id, id), (own) =>
    own === undefined || !own.isStored || own.postId !== null ? Effect.fail(notFound()) : Effect.succeed(own.media))

const read = (deps: Deps) => personal("GET", "/api/v1/media/:id", "write:media", (request, me) =>
  Effect.gen(function*() {
    return Answer.json(Media.entity(yield* waiting(deps, me, yield* idOf(request)), deps.settings))
  }))

const describe = (deps: Deps) => taking([], personal("PUT", "/api/v1/media/:id", "write:media", (request, me) =>
  Effect.gen(function*() {
    const id = yield* idOf(request)
    const about = yield* aboutOf(yield* decodeAbout(request.fields))
    yield* waiting(deps, me, id)
    const media = yield* deps.attachments.describe(me.id, id, about)
    if (media === undefined) return yield* Effect.fail(notFound())
    return Answer.json(Media.entity(media, deps.settings))
  })))

const remove = (deps: Deps) => personal("DELETE", "/api/v1/media/:id", "write:media", (request, me) =>
  Effect.gen(function*() {
    const id = yield* idOf(request)
    const own = yield* deps.attachments.mine(me.id, id)
    if (own === undefined) return yield* Effect.fail(notFound())
    const released = yield* deps.attachments.release(me.id, [id])
    if (released === 0) return yield* Effect.fail(invalid("Validation failed: Media attachment is in use by a status"))
    return Answer.json({})
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  add(deps, "/api/v1/media"),
  add(deps, "/api/v2/media"),
  read(deps),
  describe(deps),
  remove(deps)
]
