/** The walk through accounts and what is between them. */
import { Effect } from "effect"
import { open, personal, type Rows } from "./row.ts"
import { act, newcomer, type Person, requested, type World } from "./walkWorld.ts"

const theAuthor = ({ author }: World) => ({ path: { id: author.id } })
const theFan = ({ fan }: World) => ({ path: { id: fan.id } })
const somebodyNew = ({ client }: World) => Effect.map(newcomer(client), ({ id }) => ({ path: { id } }))
const twoOf = ({ author, fan }: World) => ({ query: `id[]=${author.id}&id[]=${fan.id}` })

/** A list of those towards whom the caller has just done that. */
const listAfter = (verb: string) =>
  personal((world, me) =>
    Effect.gen(function*() {
      const { id } = yield* newcomer(world.client)
      yield* act(world, me, `/api/v1/accounts/${id}/${verb}`)
      return {}
    }))

const asked = (world: World, me: Person) => Effect.map(requested(world, me), (id) => ({ path: { account_id: id } }))

const endorsing = (world: World, me: Person) => act(world, me, `/api/v1/accounts/${world.fan.id}/endorse`)

export const rows: Rows = {
  "GET /api/v1/accounts": open(twoOf),
  "GET /api/v1/accounts/{id}": open(theAuthor),
  "GET /api/v1/accounts/lookup": open(({ author }) => ({ query: `acct=${author.username}` })),
  "GET /api/v1/accounts/search": personal(({ author }) => ({ query: `q=${author.username}` })),
  "GET /api/v1/accounts/relationships": personal(twoOf),
  "GET /api/v1/accounts/familiar_followers": personal(twoOf),
  "GET /api/v1/accounts/{id}/statuses": open(theAuthor),
  "GET /api/v1/accounts/{id}/followers": open(theAuthor),
  "GET /api/v1/accounts/{id}/following": open(theAuthor),
  "GET /api/v1/accounts/{id}/endorsements": open((world) => Effect.as(endorsing(world, world.author), theAuthor(world))),
  "GET /api/v1/accounts/{id}/featured_tags": open(theAuthor),
  "GET /api/v1/accounts/{id}/identity_proofs": open(theAuthor),
  "GET /api/v1/accounts/{id}/lists": personal(theAuthor),
  "POST /api/v1/accounts/{id}/follow": personal(somebodyNew),
  "POST /api/v1/accounts/{id}/unfollow": personal(somebodyNew),
  "POST /api/v1/accounts/{id}/remove_from_followers": personal(somebodyNew),
  "POST /api/v1/accounts/{id}/block": personal(somebodyNew),
  "POST /api/v1/accounts/{id}/unblock": personal(somebodyNew),
  "POST /api/v1/accounts/{id}/mute": personal(somebodyNew),
  "POST /api/v1/accounts/{id}/unmute": personal(somebodyNew),
  "POST /api/v1/accounts/{id}/note": personal((world) => ({ ...theFan(world), json: { comment: "met on a walk" } })),
  "POST /api/v1/accounts/{id}/endorse": personal(theFan),
  "POST /api/v1/accounts/{id}/unendorse": personal(theFan),
  "POST /api/v1/accounts/{id}/pin": personal(theFan),
  "POST /api/v1/accounts/{id}/unpin": personal(theFan),
  "GET /api/v1/blocks": listAfter("block"),
  "GET /api/v1/mutes": listAfter("mute"),
  "GET /api/v1/endorsements": personal((world, me) => Effect.as(endorsing(world, me), {})),
  "GET /api/v1/follow_requests": personal((world, me) => Effect.as(requested(world, me), {})),
  "POST /api/v1/follow_requests/{account_id}/authorize": personal(asked),
  "POST /api/v1/follow_requests/{account_id}/reject": personal(asked),
  "PATCH /api/v1/accounts/update_credentials": personal((_, { name }) => ({ json: { display_name: `The ${name}` } })),
  "PATCH /api/v1/profile": personal((_, { name }) => ({ json: { note: `I am the ${name}` } }))
}
