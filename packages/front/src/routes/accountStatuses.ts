/** An account's own timeline. */
import type { AccountId } from "@rookery/domain/Ids"
import * as PostParts from "@rookery/domain/PostParts"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import type { AuthorQuery } from "@rookery/store/TimelineStore"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Edge from "../http/Edge.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { optional, type Route, route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Page } from "../read/Reader.ts"
import { addressOf, anyAccount, viewerOf } from "./shared.ts"

const decodeQuery = Input.decoder(Schema.Struct({
  ...Input.Paging,
  exclude_replies: Schema.optionalKey(Input.Flag),
  exclude_reblogs: Schema.optionalKey(Input.Flag),
  only_media: Schema.optionalKey(Input.Flag),
  pinned: Schema.optionalKey(Input.Flag),
  tagged: Schema.optionalKey(Input.Text)
}))

type StatusesInput = Effect.Success<ReturnType<typeof decodeQuery>>
type Filter = Omit<AuthorQuery, keyof PageQuery>

const emptyPage: Page = { items: [], cursors: undefined }

/** Pins are few and stand in an order of their own: they are one page. */
const pinned = (deps: Deps, author: AccountId, viewer: Account | undefined, limit: number) =>
  Effect.flatMap(deps.kept.pins(author), (ids) =>
    Effect.map(deps.reader.visible(viewer, ids, "profile"), (items): Page => ({ items: items.slice(0, limit), cursors: undefined })))

const pageOf = (deps: Deps, author: AccountId, viewer: Account | undefined, input: StatusesInput, filter: Filter) => {
  const bounds = Input.pageBounds(input)
  if (input.pinned === true) return input.max_id ? Effect.succeed(emptyPage) : pinned(deps, author, viewer, bounds.limit)
  const tag = PostParts.tagKey((input.tagged ?? "").replace(/^#/, ""))
  return deps.reader.page(viewer, bounds, (query) => {
    const full = { ...query, ...filter }
    return tag === "" ? deps.authorPages.page(author, full) : deps.topics.authorTagged(author, tag, full)
  }, "profile")
}

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  route("GET", "/api/v1/accounts/:id/statuses", optional("read:statuses"), (request) =>
    Effect.gen(function*() {
      const author = yield* Input.accountId(request.params[0]!)
      const input = yield* decodeQuery(request.fields)
      const viewer = viewerOf(request)
      const filter = {
        excludeReplies: input.exclude_replies === true,
        excludeReposts: input.exclude_reblogs === true,
        onlyMedia: input.only_media === true,
        // Whether this viewer may see them, the rules decide behind it.
        includePrivate: viewer !== undefined
      }
      const page = yield* pageOf(deps, author, viewer, input, filter)
      // Only an empty page leaves open whether there is such an account.
      if (page.items.length === 0) yield* anyAccount(deps, author)
      const bytes = yield* deps.reader.present(viewer, page.items)
      const link = Links.page(addressOf(deps, request), request.rawQuery, page.cursors)
      return Edge.shared(request, deps.settings.limits, Answer.page(bytes, link))
    }))
]
