/** A front: serves clients; holds no shards and nothing that it could not lose. */
import type { Links } from "@rookery/bus/Links"
import { load } from "@rookery/config/Load"
import * as Front from "@rookery/front/Front"
import { Effect, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { withPort } from "../local/freePort.ts"
import * as GossipWorld from "../layers/GossipWorld.ts"
import * as MemberEnds from "../layers/MemberEnds.ts"
import * as derive from "./derive.ts"
import * as member from "./member.ts"

export const program = Effect.gen(function*() {
  const configuration = yield* Effect.flatMap(load, withPort)
  const settings = derive.front(configuration, member.addressOf(configuration))
  const serve = Effect.fnUntraced(function*(links: Links["Service"] | undefined) {
    const copies = links === undefined ? undefined : yield* GossipWorld.copies(configuration)
    const ended = Stream.provideService(MemberEnds.stream, SqlClient.SqlClient, yield* SqlClient.SqlClient)
    yield* Front.serve(settings, derive.world(configuration, links, copies), ended)
  })
  yield* member.run(configuration, "front", serve)
})
