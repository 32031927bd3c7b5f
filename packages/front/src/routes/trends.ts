/** What trends: tags and posts. */
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Edge from "../http/Edge.ts"
import * as Input from "../http/Input.ts"
import { optional, type Route, route } from "../http/Route.ts"
import { viewerOf } from "./shared.ts"

const decodePage = Input.decoder(Schema.Struct(Input.Offsets))

/** `/api/v1/trends` is the older name. */
const tags = (deps: Deps, path: string) => route("GET", path, optional(), (request) =>
  Effect.gen(function*() {
    const { limit, offset } = Input.offsetBounds(yield* decodePage(request.fields), 10, 20)
    const names = (yield* deps.discovery.trendingTags).slice(offset, offset + limit)
    return Edge.shared(request, deps.settings.limits, Answer.json(yield* deps.discovery.tagEntities(names)))
  }))

/** Pages are cut from what this viewer is shown, so that each shows as many as it can. */
const statuses = (deps: Deps) => route("GET", "/api/v1/trends/statuses", optional(), (request) =>
  Effect.gen(function*() {
    const { limit, offset } = Input.offsetBounds(yield* decodePage(request.fields), 20, 40)
    const viewer = viewerOf(request)
    const shown = yield* deps.reader.visible(viewer, yield* deps.discovery.trendingPosts, "offered")
    // Since it was computed it may have been edited.
    const page = shown.filter(({ rendered: { post } }) => !post.sensitive && post.spoiler === "").slice(offset, offset + limit)
    return Edge.shared(request, deps.settings.limits, Answer.bytes(yield* deps.reader.present(viewer, page)))
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [tags(deps, "/api/v1/trends/tags"), tags(deps, "/api/v1/trends"), statuses(deps)]
