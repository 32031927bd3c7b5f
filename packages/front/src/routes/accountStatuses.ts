/** An account's own timeline. */
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { optional, type Route, route } from "../http/Route.ts"
import { accountNow, addressOf, viewerOf } from "./shared.ts"

const decodeQuery = Input.decoder(Schema.Struct({
  ...Input.Paging,
  exclude_replies: Schema.optionalKey(Input.Flag),
  exclude_reblogs: Schema.optionalKey(Input.Flag),
  only_media: Schema.optionalKey(Input.Flag),
  pinned: Schema.optionalKey(Input.Flag),
  tagged: Schema.optionalKey(Input.Text)
}))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  route("GET", "/api/v1/accounts/:id/statuses", optional("read:statuses"), (request) =>
    Effect.gen(function*() {
      const author = yield* Input.accountId(request.params[0]!)
      const input = yield* decodeQuery(request.fields)
      const viewer = viewerOf(request)
      // No post is pinned, has media or is tagged yet.
      const isEmpty = input.pinned === true || input.only_media === true || (input.tagged ?? "") !== ""
      const filter = {
        excludeReplies: input.exclude_replies === true,
        excludeReposts: input.exclude_reblogs === true,
        // Whether this viewer may see them, the rules decide behind it.
        includePrivate: viewer !== undefined
      }
      const page = isEmpty ? { items: [], cursors: undefined } : yield* deps.reader.page(
        viewer,
        Input.pageBounds(input),
        (query) => deps.timelines.authorPage(author, { ...query, ...filter }),
        "profile"
      )
      // Only an empty page leaves open whether there is such an account.
      if (page.items.length === 0) yield* accountNow(deps, author)
      const bytes = yield* deps.reader.present(viewer, page.items)
      return Answer.bytes(bytes, Links.page(addressOf(deps, request), request.rawQuery, page.cursors))
    }))
]
