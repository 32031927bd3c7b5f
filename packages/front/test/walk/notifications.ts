/** The walk through notifications, what is held back of them, and markers. */
import { Effect } from "effect"
import { personal, type Rows } from "./row.ts"
import { group, heldBack, notified, type Person, type World } from "./walkWorld.ts"

const aNotice = (world: World, me: Person) => Effect.map(notified(world, me), (id) => ({ path: { id } }))
const aGroup = (world: World, me: Person) => Effect.map(group(world, me), (key) => ({ path: { group_key: key } }))
const aRequest = (world: World, me: Person) => Effect.map(heldBack(world, me), (id) => ({ path: { id } }))
const requests = (world: World, me: Person) => Effect.map(heldBack(world, me), (id) => ({ json: { id: [id] } }))

const marker = ({ post }: World) => ({ home: { last_read_id: post } })

const marked = (world: World, me: Person) => world.client.ok("POST", "/api/v1/markers", { token: me.token, json: marker(world) })

export const rows: Rows = {
  "GET /api/v1/notifications": personal((world, me) => Effect.as(notified(world, me), {})),
  "GET /api/v1/notifications/{id}": personal(aNotice),
  "POST /api/v1/notifications/{id}/dismiss": personal(aNotice),
  "POST /api/v1/notifications/clear": personal(),
  "GET /api/v2/notifications/{group_key}": personal(aGroup),
  "GET /api/v2/notifications/{group_key}/accounts": personal(aGroup),
  "POST /api/v2/notifications/{group_key}/dismiss": personal(aGroup),
  "PATCH /api/v2/notifications/policy": personal(() => ({ json: { for_not_following: "accept" } })),
  "GET /api/v1/notifications/requests": personal((world, me) => Effect.as(heldBack(world, me), {})),
  "GET /api/v1/notifications/requests/{id}": personal(aRequest),
  "POST /api/v1/notifications/requests/{id}/accept": personal(aRequest),
  "POST /api/v1/notifications/requests/{id}/dismiss": personal(aRequest),
  "POST /api/v1/notifications/requests/accept": personal(requests),
  "POST /api/v1/notifications/requests/dismiss": personal(requests),
  "GET /api/v1/markers": personal((world, me) => Effect.as(marked(world, me), { query: "timeline[]=home" })),
  "POST /api/v1/markers": personal((world) => ({ json: marker(world) }))
}
