/** Home timelines. */
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { personal, type Route } from "../http/Route.ts"
import { addressOf } from "./shared.ts"

const decodePage = Input.decoder(Schema.Struct(Input.Paging))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  personal("GET", "/api/v1/timelines/home", "read:statuses", (request, me) =>
    Effect.gen(function*() {
      const bounds = Input.pageBounds(yield* decodePage(request.fields))
      const page = yield* deps.reader.page(me, bounds, (query) =>
        Effect.map(deps.skeleton.home(me, query), (entries) => entries.map((entry) => entry.id)), "home")
      const bytes = yield* deps.reader.present(me, page.items)
      return Answer.page(bytes, Links.page(addressOf(deps, request), request.rawQuery, page.cursors))
    }))
]
