/** The walk through programs, tokens, streams, and what the server says of itself. */
import { Effect } from "effect"
import { open, personal, type Rows } from "./row.ts"
import { type Person, type World } from "./walkWorld.ts"

const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

let signedUp = 0

const credentials = ({ program }: World) => ({ client_id: program.clientId, client_secret: program.secret })

/** A token that goes with the program's credentials. */
const tokenToRevoke = (world: World) =>
  Effect.map(
    world.client.ok("POST", "/oauth/token", { form: { ...credentials(world), grant_type: "client_credentials" } }),
    ({ access_token: token }) => ({ form: { ...credentials(world), token } })
  )

/** Made by a program: with its own token, or with none. */
const signUp = ({ program }: World, me: Person) => {
  const username = `walker_${signedUp++}`
  const form = { username, email: `${username}@example.org`, password: "correct horse", agreement: "true", locale: "en" }
  return me.token === undefined ? { form } : { form, token: program.token }
}

const authorizePage = ({ program }: World) => ({
  query: new URLSearchParams({ response_type: "code", client_id: program.clientId, redirect_uri: outOfBand, scope: "read" }).toString(),
  headers: { accept: "text/html" }
})

const tagged = { query: "tag=walk" }

export const rows: Rows = {
  "POST /api/v1/accounts": personal(signUp),
  "POST /api/v1/apps": open(() => ({ json: { client_name: "a walk", redirect_uris: [outOfBand], scopes: "read write" } })),
  "GET /api/v1/apps/verify_credentials": personal(),
  "GET /oauth/authorize": open(authorizePage),
  "POST /oauth/token": open((world) => ({ form: { ...credentials(world), grant_type: "client_credentials", scope: "read" } })),
  "POST /oauth/revoke": open(tokenToRevoke),
  "GET /oauth/userinfo": personal(),
  "POST /api/v1/reports": personal(({ fan }) => ({ json: { account_id: fan.id, comment: "a walk" } })),
  "GET /api/v2/search": open(() => ({ query: "q=walk" })),
  "GET /api/v1/annual_reports/{year}/state": personal(() => ({ path: { year: "2025" } })),
  "GET /api/v1/streaming/hashtag": personal(() => tagged),
  "GET /api/v1/streaming/hashtag/local": personal(() => tagged)
}

/** Nobody has any of these here: their lists are always empty. */
export const empty: ReadonlySet<string> = new Set([
  "GET /api/v1/accounts/{id}/featured_tags",
  "GET /api/v1/accounts/{id}/identity_proofs",
  "GET /api/v1/accounts/{id}/lists",
  "GET /api/v1/announcements",
  "GET /api/v1/custom_emojis",
  "GET /api/v1/domain_blocks",
  "GET /api/v1/featured_tags",
  "GET /api/v1/featured_tags/suggestions",
  "GET /api/v1/filters",
  "GET /api/v2/filters",
  "GET /api/v1/followed_tags",
  "GET /api/v1/instance/activity",
  "GET /api/v1/instance/domain_blocks",
  "GET /api/v1/instance/peers",
  "GET /api/v1/instance/rules",
  "GET /api/v1/lists",
  "GET /api/v1/scheduled_statuses",
  "GET /api/v1/suggestions",
  "GET /api/v2/suggestions",
  "GET /api/v1/timelines/link",
  "GET /api/v1/trends/links"
])

/** What is computed now and then, and may or may not have been. */
export const late: ReadonlySet<string> = new Set(["GET /api/v1/trends/statuses", "GET /api/v1/trends/tags"])
