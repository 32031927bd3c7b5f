/** Posts in bulk for edge caches, and how often they are looked at: Rookery's own. */
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Edge from "../http/Edge.ts"
import { invalid } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { documented, optional, type Route, type RouteDoc, route } from "../http/Route.ts"
import { viewerOf } from "./shared.ts"
import { batch } from "./statuses.ts"

const idsMax = 128

const decodeIds = Input.decoder(Schema.Struct({ ids: Schema.optionalKey(Input.listOf(Input.Text, idsMax)) }))

/** `ids=1,2,3` or `ids[]=1&ids[]=2`; each once. */
const idsOf = (given: string | ReadonlyArray<string> | undefined) => {
  const texts = [...new Set(Input.asList<string>(given).flatMap((text) => text.split(",")).filter((text) => text !== ""))]
  const ids = texts.flatMap((text) => Snowflake.parse(text) ?? [])
  return ids.length < texts.length || ids.length > idsMax
    ? Effect.fail(invalid(`Validation failed: ids: expected at most ${idsMax} ids`))
    : Effect.succeed(ids)
}

const manyDoc: RouteDoc = {
  summary: "Many posts at once, for edge caches",
  fields: { ids: `Ids of posts, at most ${idsMax}, with commas between them` },
  answer: "A list of `Status`, in the order of the ids, without those that are gone or not to be seen. Without a token " +
    "shared caches may keep it for as long as `Cache-Control` says, and ask anew with its `ETag`"
}

const many = (deps: Deps) => documented(
  route("GET", "/api/x/posts", optional("read:statuses"), (request) =>
    Effect.gen(function*() {
      const { ids } = yield* decodeIds(request.fields)
      return yield* batch(deps, request, yield* idsOf(ids))
    })),
  manyDoc
)

const viewsDoc: RouteDoc = {
  summary: "How often a post was looked at",
  answer: "`{\"id\", \"views\"}`; the count is approximate, and some seconds late"
}

const views = (deps: Deps) => documented(
  route("GET", "/api/x/posts/:id/views", optional("read:statuses"), (request) =>
    Effect.gen(function*() {
      const id = yield* Input.postId(request.params[0]!)
      const item = yield* deps.reader.one(viewerOf(request), id)
      const { post } = (item.inner ?? item).rendered
      const answer = Answer.json({ id: String(post.id), views: yield* deps.kept.views(post.id) })
      return Edge.shared(request, deps.settings.limits, answer)
    })),
  viewsDoc
)

export const routes = (deps: Deps): ReadonlyArray<Route> => [many(deps), views(deps)]
