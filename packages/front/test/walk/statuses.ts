/** The walk through statuses, timelines and conversations. */
import { Effect } from "effect"
import { open, personal, type Rows } from "./row.ts"
import { act, conversation, own, type Person, type World } from "./walkWorld.ts"

const thePost = ({ post }: World) => ({ path: { id: post } })
const onesOwn = (world: World, me: Person) => Effect.map(own(world, me), (id) => ({ path: { id } }))

/** A list that holds the post after the caller has done that to it. */
const listAfter = (verb: string) =>
  personal((world, me) => Effect.as(act(world, me, `/api/v1/statuses/${world.post}/${verb}`), {}))

const edited = ({ author, client, post }: World) =>
  client.ok("PUT", `/api/v1/statuses/${post}`, { token: author.token, json: { status: "the #walk goes on" } })

const replied = ({ client, fan, post }: World) => client.post(fan, "wait for me", { in_reply_to_id: post })

const talking = (world: World, me: Person) => Effect.map(conversation(world, me), (id) => ({ path: { id } }))

export const rows: Rows = {
  "GET /api/v1/statuses": open(({ post }) => ({ query: `id[]=${post}` })),
  "POST /api/v1/statuses": personal((_, { name }) => ({ json: { status: `by the ${name} #walk`, spoiler_text: "cw", visibility: "unlisted" } })),
  "GET /api/v1/statuses/{id}": open(thePost),
  "PUT /api/v1/statuses/{id}": personal((world, me) => Effect.map(onesOwn(world, me), (given) => ({ ...given, json: { status: "changed" } }))),
  "DELETE /api/v1/statuses/{id}": personal(onesOwn),
  "GET /api/v1/statuses/{id}/context": open((world) => Effect.as(replied(world), thePost(world))),
  "GET /api/v1/statuses/{id}/history": open((world) => Effect.as(edited(world), thePost(world))),
  "GET /api/v1/statuses/{id}/source": personal(onesOwn),
  "GET /api/v1/statuses/{id}/favourited_by": open(thePost),
  "GET /api/v1/statuses/{id}/reblogged_by": open(thePost),
  "POST /api/v1/statuses/{id}/favourite": personal(thePost),
  "POST /api/v1/statuses/{id}/unfavourite": personal(thePost),
  "POST /api/v1/statuses/{id}/reblog": personal(thePost),
  "POST /api/v1/statuses/{id}/unreblog": personal(thePost),
  "POST /api/v1/statuses/{id}/bookmark": personal(thePost),
  "POST /api/v1/statuses/{id}/unbookmark": personal(thePost),
  "POST /api/v1/statuses/{id}/mute": personal(thePost),
  "POST /api/v1/statuses/{id}/unmute": personal(thePost),
  "POST /api/v1/statuses/{id}/pin": personal(onesOwn),
  "POST /api/v1/statuses/{id}/unpin": personal(onesOwn),
  "GET /api/v1/bookmarks": listAfter("bookmark"),
  "GET /api/v1/favourites": listAfter("favourite"),
  "GET /api/v1/timelines/public": open(),
  "GET /api/v1/timelines/tag/{hashtag}": open(() => ({ path: { hashtag: "walk" } })),
  "GET /api/v1/timelines/link": open(() => ({ query: "url=https://example.org" })),
  "GET /api/v1/tags/{name}": open(() => ({ path: { name: "walk" } })),
  "GET /api/v1/conversations": personal((world, me) => Effect.as(conversation(world, me), {})),
  "POST /api/v1/conversations/{id}/read": personal(talking),
  "DELETE /api/v1/conversations/{id}": personal(talking)
}
