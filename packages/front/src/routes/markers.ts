/** How far people have read. */
import { type MarkedTimeline, timelines } from "@rookery/domain/Notification"
import type { Marker } from "@rookery/store/AudienceStore"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Input from "../http/Input.ts"
import { personal, type Route } from "../http/Route.ts"

const decodeNamed = Input.decoder(Schema.Struct({
  timeline: Schema.optionalKey(Input.listOf(Schema.Literals(timelines), timelines.length))
}))

const Position = Schema.optionalKey(Schema.NullOr(Schema.Struct({ last_read_id: Input.MaybeId })))
const decodePositions = Input.decoder(Schema.Struct({ home: Position, notifications: Position }))

const entities = (markers: ReadonlyArray<Marker>) =>
  Object.fromEntries(markers.map((marker) => [marker.timeline, {
    last_read_id: String(marker.lastReadId),
    version: marker.version,
    updated_at: new Date(marker.updatedAt).toISOString()
  }]))

const read = (deps: Deps) => personal("GET", "/api/v1/markers", "read:statuses", (request, me) =>
  Effect.gen(function*() {
    const { timeline } = yield* decodeNamed(request.fields)
    return Answer.json(entities(yield* deps.audience.markers(me.id, Input.asList<MarkedTimeline>(timeline))))
  }))

const write = (deps: Deps) => personal("POST", "/api/v1/markers", "write:statuses", (request, me) =>
  Effect.gen(function*() {
    const input = yield* decodePositions(request.fields)
    const positions = timelines.flatMap((timeline) => {
      const lastReadId = Input.idOf(input[timeline]?.last_read_id)
      return lastReadId === undefined ? [] : [{ timeline, lastReadId }]
    })
    return Answer.json(entities(positions.length === 0 ? [] : yield* deps.audience.setMarkers(me.id, positions)))
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [read(deps), write(deps)]
