/** Registration of client programs. */
import { Effect, Schema } from "effect"
import type { OAuthApp } from "@rookery/store/OAuthStore"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { invalid, unauthorized } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { open, type Route, route, token } from "../http/Route.ts"
import * as World from "../home/World.ts"
import * as Scopes from "../oauth/Scopes.ts"
import * as Secrets from "../oauth/Secrets.ts"

const nameMax = 60
const urlMax = 2_000
const redirectsMax = 10

const decodeApp = Input.decoder(Schema.Struct({
  client_name: Schema.optionalKey(Input.Text),
  redirect_uris: Schema.optionalKey(Input.listOf(Input.Text, redirectsMax)),
  scopes: Schema.optionalKey(Schema.NullOr(Input.Text)),
  website: Schema.optionalKey(Schema.NullOr(Input.Text))
}))

/** Schemes that would run in our own page, or show local files. */
const forbiddenSchemes = /^(javascript|data|vbscript|file|blob|about):/i

const isAddress = (uri: string): boolean => uri.length <= urlMax && URL.canParse(uri) && !forbiddenSchemes.test(uri)

/** Without a fragment, as RFC 6749 has it: what we add would land in it. */
const isRedirect = (uri: string): boolean => isAddress(uri) && !uri.includes("#")

const redirectsOf = (given: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  Input.asList<string>(given).flatMap((text) => text.split(/\s+/)).filter((uri) => uri !== "")

const entity = (app: OAuthApp) => ({
  id: String(app.id),
  name: app.name,
  website: app.website,
  scopes: app.scopes.split(" "),
  redirect_uris: app.redirectUris,
  redirect_uri: app.redirectUris.join("\n"),
  // Web push is not offered; clients read an empty key as that.
  vapid_key: ""
})

const checked = (input: { readonly name: string; readonly redirects: ReadonlyArray<string>; readonly scopes: string; readonly website: string | null }) => {
  const { name, redirects, website } = input
  const scopes = Scopes.parse(input.scopes)
  if (name === "" || name.length > nameMax) return Effect.fail(invalid(`Validation failed: Name must have 1 to ${nameMax} characters`))
  if (redirects.length === 0 || redirects.length > redirectsMax || !redirects.every(isRedirect)) {
    return Effect.fail(invalid("Validation failed: Redirect URI must be an absolute URI"))
  }
  if (scopes === undefined) return Effect.fail(invalid("Validation failed: Scopes doesn't match configured on the server"))
  if (website !== null && !(/^https?:/i.test(website) && isAddress(website))) {
    return Effect.fail(invalid("Validation failed: Website must be a valid URL"))
  }
  return Effect.succeed({ name, redirectUris: redirects, website, scopes: scopes.length === 0 ? "read" : scopes.join(" ") })
}

const create = (deps: Deps) => route("POST", "/api/v1/apps", open, (request) =>
  Effect.gen(function*() {
    const input = yield* decodeApp(request.fields)
    const app = yield* checked({
      name: (input.client_name ?? "").trim(),
      redirects: redirectsOf(input.redirect_uris),
      scopes: input.scopes ?? "read",
      website: input.website || null
    })
    const secret = Secrets.mint()
    const created = yield* deps.oauth.createApp({ ...app, clientId: Secrets.mint(World.ownOf(deps.world)), secretHash: Secrets.digest(secret) })
    return Answer.json({
      ...entity(created),
      client_id: created.clientId,
      client_secret: secret,
      client_secret_expires_at: 0
    })
  }))

const verify = (deps: Deps) => route("GET", "/api/v1/apps/verify_credentials", token(), (request) =>
  Effect.flatMap(deps.oauth.appById(request.identity!.appId), (app) =>
    app === undefined ? Effect.fail(unauthorized()) : Effect.succeed(Answer.json(entity(app)))))

export const routes = (deps: Deps): ReadonlyArray<Route> => [create(deps), verify(deps)]
