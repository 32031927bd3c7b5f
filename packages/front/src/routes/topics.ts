/** The public timeline, the timelines of tags, and tags themselves. */
import * as PostParts from "@rookery/domain/PostParts"
import * as Topics from "@rookery/domain/Topics"
import type { TopicPage } from "@rookery/store/TopicStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { optional, type Request, type Route, route } from "../http/Route.ts"
import type { Page, SkeletonRead } from "../read/Reader.ts"
import { addressOf, viewerOf } from "./shared.ts"

/** Tags beside the one of the path, of each kind, at most. */
const otherTagsMax = 16

const Tags = Schema.optionalKey(Input.listOf(Input.Text, otherTagsMax))

const decodePublic = Input.decoder(Schema.Struct({
  ...Input.Paging,
  local: Schema.optionalKey(Input.Flag),
  remote: Schema.optionalKey(Input.Flag),
  only_media: Schema.optionalKey(Input.Flag)
}))

const decodeTag = Input.decoder(Schema.Struct({
  ...Input.Paging,
  any: Tags,
  all: Tags,
  none: Tags,
  local: Schema.optionalKey(Input.Flag),
  remote: Schema.optionalKey(Input.Flag),
  only_media: Schema.optionalKey(Input.Flag)
}))

const emptyPage: Page = { items: [], cursors: undefined }

interface Asked {
  readonly local?: boolean
  readonly remote?: boolean
  readonly only_media?: boolean
}

/** What both ask for is what neither asks for; one datacenter has all that is local. */
const filterOf = ({ world }: Deps, { local = false, only_media = false, remote = false }: Asked): Pick<TopicPage, "onlyMedia" | "origin"> => ({
  onlyMedia: only_media,
  origin: local === remote || world === undefined ? undefined : local ? "own" : "others"
})

/** There is nothing from elsewhere. */
const isEmpty = (deps: Deps, { local, remote }: Asked): boolean => deps.world === undefined && remote === true && local !== true

/** Ids of a topic; rings do not know which posts have pictures, nor whose they are, so those come from the index. */
const idsOf = (deps: Deps, topic: string, input: Asked): SkeletonRead<ApiError | StoreError> => {
  const filter = filterOf(deps, input)
  return (query) =>
    filter.onlyMedia === true || filter.origin !== undefined ? deps.topics.page(topic, { ...query, ...filter }) : deps.topicReads.page(topic, query)
}

const answer = (deps: Deps, request: Request, page: Page) =>
  Effect.map(deps.reader.present(viewerOf(request), page.items), (bytes) =>
    Answer.bytes(bytes, Links.page(addressOf(deps, request), request.rawQuery, page.cursors)))

const everything = (deps: Deps) => route("GET", "/api/v1/timelines/public", optional("read:statuses"), (request) =>
  Effect.gen(function*() {
    const input = yield* decodePublic(request.fields)
    const skeleton = idsOf(deps, Topics.everything, input)
    const page = isEmpty(deps, input) ? emptyPage : yield* deps.reader.page(viewerOf(request), Input.pageBounds(input), skeleton)
    return yield* answer(deps, request, page)
  }))

/** The tag that a client names, with its sign or without; 404 for what is no tag. */
const tagNamed = (name: string) => {
  const [tag, ...more] = PostParts.tagsOf(`#${name.replace(/^#/, "")}`)
  return tag === undefined || more.length > 0 || tag !== PostParts.tagKey(name.replace(/^#/, ""))
    ? Effect.fail(notFound())
    : Effect.succeed(tag)
}

const keysOf = (tags: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  Input.asList<string>(tags).map((tag) => PostParts.tagKey(tag.replace(/^#/, ""))).filter((tag) => tag !== "")

const ofTag = (deps: Deps) => route("GET", "/api/v1/timelines/tag/:hashtag", optional("read:statuses"), (request) =>
  Effect.gen(function*() {
    const input = yield* decodeTag(request.fields)
    const tag = yield* tagNamed(request.params[0]!)
    const [any, all, none] = [keysOf(input.any), keysOf(input.all), keysOf(input.none)]
    const isPlain = any.length + all.length + none.length === 0
    const viewer = viewerOf(request)
    const bounds = Input.pageBounds(input)
    const page = isEmpty(deps, input)
      ? emptyPage
      : isPlain
      // A ring may hold a post that was edited and has the tag no more.
      ? yield* deps.reader.page(viewer, bounds, idsOf(deps, Topics.ofTag(tag), input), "offered", (item) =>
        item.rendered.tags.includes(tag))
      : yield* deps.reader.page(viewer, bounds, (query) => deps.topics.tagged({ ...query, ...filterOf(deps, input), any: [tag, ...any], all, none }))
    return yield* answer(deps, request, page)
  }))

const one = (deps: Deps) => route("GET", "/api/v1/tags/:name", optional("read"), (request) =>
  Effect.gen(function*() {
    const name = yield* tagNamed(request.params[0]!)
    const [tag] = yield* deps.discovery.tagEntities([name])
    return Answer.json(tag)
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [everything(deps), ofTag(deps), one(deps)]
