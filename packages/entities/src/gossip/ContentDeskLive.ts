/** Behaviour of `ContentDesk`. Desks of one runner share their questions. */
import { ContentDesk } from "@rookery/protocol/ContentDesk"
import * as Contents from "@rookery/protocol/Contents"
import { Unavailable } from "@rookery/protocol/Errors"
import { Effect } from "effect"
import { Entity } from "effect/cluster"
import type { Fetcher } from "./Contents.ts"

const answerOf = (wants: ReadonlyArray<Contents.Want>, fetched: Effect.Success<ReturnType<Fetcher["fetch"]>>): Uint8Array =>
  Contents.encodeAnswer({
    contents: fetched.filter((one) => typeof one === "object"),
    later: wants.flatMap(({ id }, i) => fetched[i] === "later" ? [id] : [])
  })

export const ContentDeskLive = (fetcher: Fetcher) =>
  ContentDesk.toLayer(
    Effect.gen(function*() {
      const { entityId } = yield* Entity.CurrentAddress
      const origin = Number(entityId.split("-")[0])
      const unreadable = () => new Unavailable({ reason: "no question of a content desk" })
      return ContentDesk.of({
        Fetch: ({ payload }) =>
          Effect.gen(function*() {
            const wants = yield* Effect.try({ try: () => Contents.decodeWants(payload.wants), catch: unreadable })
            return answerOf(wants, yield* fetcher.fetch(origin, wants))
          })
      })
    }),
    { concurrency: "unbounded", disableFatalDefects: true }
  )
