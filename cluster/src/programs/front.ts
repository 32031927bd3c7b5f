/** A front: serves clients; holds no shards and nothing that it could not lose. */
import { load } from "@rookery/config/Load"
import * as Front from "@rookery/front/Front"
import { Effect } from "effect"
import * as derive from "./derive.ts"
import * as member from "./member.ts"

export const program = Effect.gen(function*() {
  const configuration = yield* load
  const settings = derive.front(configuration, member.addressOf(configuration))
  yield* member.run(configuration, "front", (links) =>
    Effect.asVoid(Front.serve(settings, derive.world(configuration, links))))
})
