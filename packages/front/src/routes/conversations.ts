/** Direct posts, as conversations. */
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { personal, type Request, type Route } from "../http/Route.ts"
import * as Conversation from "../render/Conversation.ts"
import { addressOf } from "./shared.ts"

const decodePage = Input.decoder(Schema.Struct(Input.Paging))

const list = (deps: Deps) => personal("GET", "/api/v1/conversations", "read:statuses", (request, me) =>
  Effect.gen(function*() {
    const query = Input.cursorQuery(yield* decodePage(request.fields))
    const rows = yield* deps.conversations.list(me.id, query)
    const cursors = Links.cursorsOf(rows.map((row) => ({ cursor: row.lastPost })))
    const link = Links.page(addressOf(deps, request), request.rawQuery, cursors)
    return { ...Answer.json(yield* Conversation.entities(deps, me, rows)), link }
  }))

/** The number of a conversation; whatever is none names nothing. */
const idOf = (request: Request) => {
  const text = request.params[0]!
  return /^[1-9][0-9]{0,17}$/.test(text) ? Effect.succeed(BigInt(text)) : Effect.fail(notFound())
}

const read = (deps: Deps) => personal("POST", "/api/v1/conversations/:id/read", "write:conversations", (request, me) =>
  Effect.gen(function*() {
    const row = yield* deps.conversations.markRead(me.id, yield* idOf(request))
    const [entity] = row === undefined ? [] : yield* Conversation.entities(deps, me, [row])
    return entity === undefined ? yield* Effect.fail(notFound()) : Answer.json(entity)
  }))

const remove = (deps: Deps) => personal("DELETE", "/api/v1/conversations/:id", "write:conversations", (request, me) =>
  Effect.gen(function*() {
    const isGone = yield* deps.conversations.remove(me.id, yield* idOf(request))
    return isGone ? Answer.json({}) : yield* Effect.fail(notFound())
  }))

/** Every direct post on its own, as clients from before conversations ask for them. */
const timeline = (deps: Deps) => personal("GET", "/api/v1/timelines/direct", "read:statuses", (request, me) =>
  Effect.gen(function*() {
    const bounds = Input.pageBounds(yield* decodePage(request.fields))
    const page = yield* deps.reader.page(me, bounds, (query) => deps.conversations.posts(me.id, query))
    const bytes = yield* deps.reader.present(me, page.items)
    return Answer.bytes(bytes, Links.page(addressOf(deps, request), request.rawQuery, page.cursors))
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [list(deps), read(deps), remove(deps), timeline(deps)]
