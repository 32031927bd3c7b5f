/** Every route that changes something about a post answers with what the request had read of it, when it cannot be read again. */
import { assert, describe, it } from "@effect/vitest"
import { LocalNo } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { Deps } from "../src/Deps.ts"
import type { Request } from "../src/http/Route.ts"
import * as Kept from "../src/routes/kept.ts"
import * as StatusActions from "../src/routes/statusActions.ts"
import { announced, readerOf, rowOf, target, world, wrapper } from "./farPost.ts"

/** A front that loses sight of the target's owner with the commit of any write. */
const makeDeps = Effect.map(world, ({ hydration, lose }) => {
  const reader = readerOf(hydration)
  const committed = <A>(answer: A) => () => Effect.as(lose, answer)
  return {
    hydration,
    reader,
    shunned: { of: () => Effect.succeed(new Map()), drop: () => {} },
    authorPages: { drop: () => {} },
    bus: { publish: () => Effect.void },
    posts: { repostBy: () => Effect.succeed(wrapper.id) },
    calls: { setLike: committed(announced), publish: committed(wrapper), remove: committed(undefined) },
    kept: { setBookmark: committed(true), setPin: committed("Done"), setConversationMuted: committed(true) }
  } as unknown as Deps
})

const actions = ["favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin", "mute", "unmute"]

describe.each(actions)("POST /api/v1/statuses/:id/%s of a post whose owner is away by the time it is done", (action) => {
  it.effect("shows the post as it was", () =>
    Effect.gen(function*() {
      const deps = yield* makeDeps
      const route = [...StatusActions.routes(deps), ...Kept.routes(deps)].find(({ pattern }) => pattern === `/api/v1/statuses/:id/${action}`)!
      // Only one's own can be pinned.
      const me = action.endsWith("pin") ? { ...rowOf(target.authorNo), id: target.author } : rowOf(LocalNo.make(3))
      const request = { params: [String(target.id)], fields: {}, identity: { account: me } } as unknown as Request
      const { body, status } = yield* route.handle(request)
      const shown = JSON.parse(Buffer.from(body).toString())
      assert.strictEqual(status, 200)
      assert.strictEqual(action === "reblog" ? shown.reblog.id : shown.id, String(target.id))
      assert.include((action === "reblog" ? shown.reblog : shown).content, target.text)
    }))
})
