/** The walk through pictures. */
import { Effect } from "effect"
import { bytesOf, drawn, send } from "../pictures.ts"
import { personal, type Rows } from "./row.ts"
import type { Person, World } from "./walkWorld.ts"

const file = Effect.map(bytesOf(drawn(20, 10).png()), (bytes) => new Blob([new Uint8Array(bytes)], { type: "image/png" }))

const sent = Effect.map(file, (picture) => ({ multipart: { file: picture, description: "a walk" } }))

/** A picture of the caller's that waits to be posted. */
const waiting = ({ client }: World, me: Person) =>
  Effect.gen(function*() {
    const bytes = yield* bytesOf(drawn(20, 10).png())
    const { body } = yield* send(client, "POST", "/api/v2/media", me.token, [{ name: "file", bytes }])
    return { path: { id: body.id } }
  })

export const rows: Rows = {
  "POST /api/v1/media": personal(() => sent),
  "POST /api/v2/media": personal(() => sent),
  "GET /api/v1/media/{id}": personal(waiting),
  "PUT /api/v1/media/{id}": personal((world, me) => Effect.map(waiting(world, me), (given) => ({ ...given, json: { description: "x", focus: "0,0" } }))),
  "DELETE /api/v1/media/{id}": personal(waiting),
  "DELETE /api/v1/profile/avatar": personal(),
  "DELETE /api/v1/profile/header": personal()
}
