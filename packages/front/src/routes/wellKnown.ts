/** What other programs ask a server before anything else: who is who, and where OAuth is. */
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { badRequest, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { open, type Route, route } from "../http/Route.ts"
import * as Scopes from "../oauth/Scopes.ts"
import * as Account from "../render/Account.ts"
import * as Text from "../render/Text.ts"
import { grantTypes } from "./oauth.ts"

const decodeResource = Input.decoder(Schema.Struct({ resource: Schema.optionalKey(Input.Text) }))

/** The username in `acct:name@host`, `https://host/@name` or `https://host/users/name`, where `host` is ours. */
const usernameIn = (resource: string, publicUrl: string): string | undefined => {
  const host = new URL(publicUrl).host
  const [, name, domain] = /^(?:acct:)?@?([^@\s/:]{1,64})@([^@\s/]+)$/i.exec(resource) ?? []
  if (name !== undefined) return domain?.toLowerCase() === host ? name : undefined
  const path = resource.startsWith(`${publicUrl}/`) ? resource.slice(publicUrl.length) : ""
  return /^\/(?:@|users\/)([^@\s/]{1,64})$/.exec(path)?.[1]
}

const webfinger = (deps: Deps) => route("GET", "/.well-known/webfinger", open, (request) =>
  Effect.gen(function*() {
    const { publicUrl } = deps.settings
    const { resource } = yield* decodeResource(request.fields)
    if (!resource) return yield* Effect.fail(badRequest("Missing parameter: resource"))
    const name = usernameIn(resource, publicUrl)
    const row = name === undefined ? undefined : yield* deps.accounts.byUsername(name)
    if (row === undefined || row.disabledAt !== null) return yield* Effect.fail(notFound())
    const profile = Account.profileUrl(publicUrl, row.username)
    const body = JSON.stringify({
      subject: `acct:${row.username}@${new URL(publicUrl).host}`,
      aliases: [profile, Account.actorUri(publicUrl, row.username)],
      links: [{ rel: "http://webfinger.net/rel/profile-page", type: "text/html", href: profile }]
    })
    return Answer.text(body, "application/jrd+json; charset=utf-8")
  }))

const hostMeta = (publicUrl: string): ReadonlyArray<Route> => {
  const template = `${publicUrl}/.well-known/webfinger?resource={uri}`
  const xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">" +
    `<Link rel="lrdd" template="${Text.escape(template)}"/></XRD>\n`
  const json = Answer.json({ links: [{ rel: "lrdd", template }] })
  return [
    route("GET", "/.well-known/host-meta", open, () =>
      Effect.succeed(Answer.text(xml, "application/xrd+xml; charset=utf-8"))),
    route("GET", "/.well-known/host-meta.json", open, () => Effect.succeed(json))
  ]
}

/** RFC 8414, with the contract's additions. */
const authorizationServer = ({ settings }: Deps): Route => {
  const { publicUrl } = settings
  const answer = Answer.json({
    issuer: `${publicUrl}/`,
    service_documentation: `${publicUrl}/api/x/`,
    authorization_endpoint: `${publicUrl}/oauth/authorize`,
    token_endpoint: `${publicUrl}/oauth/token`,
    app_registration_endpoint: `${publicUrl}/api/v1/apps`,
    revocation_endpoint: `${publicUrl}/oauth/revoke`,
    userinfo_endpoint: `${publicUrl}/oauth/userinfo`,
    scopes_supported: Scopes.all,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    code_challenge_methods_supported: ["S256"],
    grant_types_supported: grantTypes(settings),
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"]
  })
  return route("GET", "/.well-known/oauth-authorization-server", open, () => Effect.succeed(answer))
}

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  webfinger(deps),
  ...hostMeta(deps.settings.publicUrl),
  authorizationServer(deps)
]
