/** Tokens: given for a code, a program's own secret, or a person's password where that is allowed; and taken back. */
import type { AccountId } from "@rookery/domain/Ids"
import type { OAuthApp } from "@rookery/store/OAuthStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, oauthError } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as World from "../home/World.ts"
import { open, personal, type Request, type Route, route } from "../http/Route.ts"
import * as Invalidations from "../Invalidations.ts"
import * as Clients from "../oauth/Clients.ts"
import { logIn } from "../oauth/LogIn.ts"
import * as Secrets from "../oauth/Secrets.ts"
import * as Account from "../render/Account.ts"
import { accountNow } from "./shared.ts"

const decodeToken = Input.decoder(Schema.Struct({
  grant_type: Schema.optionalKey(Input.Text),
  client_id: Schema.optionalKey(Input.Text),
  client_secret: Schema.optionalKey(Input.Text),
  scope: Schema.optionalKey(Schema.NullOr(Input.Text)),
  code: Schema.optionalKey(Schema.NullOr(Input.Text)),
  redirect_uri: Schema.optionalKey(Schema.NullOr(Input.Text)),
  code_verifier: Schema.optionalKey(Schema.NullOr(Input.Text)),
  username: Schema.optionalKey(Input.Text),
  password: Schema.optionalKey(Schema.String)
}))

type TokenInput = Effect.Success<ReturnType<typeof decodeToken>>

const decodeRevoke = Input.decoder(Schema.Struct({
  client_id: Schema.optionalKey(Input.Text),
  client_secret: Schema.optionalKey(Input.Text),
  token: Schema.optionalKey(Input.Text)
}))

const tokenEntity = (token: string, scopes: string, createdAt: number) => ({
  access_token: token,
  token_type: "Bearer",
  scope: scopes,
  created_at: Math.floor(createdAt / 1_000)
})

/** Makes a token and answers it as the contract's `Token`. */
export const giveToken = (deps: Deps, appId: bigint, account: AccountId | null, scopes: string) =>
  Effect.gen(function*() {
    const token = Secrets.mint(World.ownOf(deps.world))
    const createdAt = Date.now()
    yield* deps.oauth.createToken({ tokenHash: Secrets.digest(token), appId, account, scopes, createdAt })
    return tokenEntity(token, scopes, createdAt)
  })

const grantedScopes = (app: OAuthApp, asked: string | null | undefined): Effect.Effect<string, ApiError> => {
  const scopes = Clients.grantable(app, asked)
  return scopes === undefined
    ? Effect.fail(oauthError(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."))
    : Effect.succeed(scopes.join(" "))
}

type Granted = Effect.Effect<ReturnType<typeof tokenEntity>, ApiError | StoreError>

/** What a verifier comes to by S256. */
const challengeOf = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url")

const invalidCode = oauthError(
  400,
  "invalid_grant",
  "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the " +
    "authorization request, or was issued to another client."
)

const byCode = (deps: Deps, app: OAuthApp, fields: TokenInput): Granted =>
  Effect.gen(function*() {
    const { code, code_verifier: verifier, redirect_uri: redirectUri } = fields
    if (!code) return yield* Effect.fail(oauthError(400, "invalid_request", "Missing required parameter: code."))
    const token = Secrets.mint(World.ownOf(deps.world))
    const createdAt = Date.now()
    const redeemed = yield* deps.oauth.redeem({
      codeHash: Secrets.digest(code),
      appId: app.id,
      redirectUri: redirectUri ?? "",
      challenge: verifier ? challengeOf(verifier) : null,
      tokenHash: Secrets.digest(token),
      createdAt
    })
    if (redeemed._tag === "Granted") return tokenEntity(token, redeemed.scopes, createdAt)
    const taken = redeemed._tag === "Reused" ? redeemed.revoked : []
    for (const tokenHash of taken) yield* Invalidations.announce(deps, { _tag: "TokenRevoked", tokenHash })
    return yield* Effect.fail(invalidCode)
  })

const byProgram = (deps: Deps, app: OAuthApp, fields: TokenInput): Granted =>
  Effect.flatMap(grantedScopes(app, fields.scope), (scopes) => giveToken(deps, app.id, null, scopes))

const wrongPassword = oauthError(400, "invalid_grant", "The username or the password is wrong, or the account is disabled.")

const byPassword = (deps: Deps, app: OAuthApp, fields: TokenInput, address: string): Granted =>
  Effect.gen(function*() {
    const scopes = yield* grantedScopes(app, fields.scope)
    const account = yield* logIn(deps, { address, name: fields.username ?? "", password: fields.password ?? "" })
    return account === undefined ? yield* Effect.fail(wrongPassword) : yield* giveToken(deps, app.id, account, scopes)
  })

const grant = (deps: Deps, request: Request, app: OAuthApp, fields: TokenInput): Granted => {
  if (fields.grant_type === "authorization_code") return byCode(deps, app, fields)
  return fields.grant_type === "password" ? byPassword(deps, app, fields, request.address()) : byProgram(deps, app, fields)
}

/** What is offered here, as the discovery document says too. */
export const grantTypes = (settings: Deps["settings"]): ReadonlyArray<string> => [
  "authorization_code",
  "client_credentials",
  ...(settings.passwordGrant ? ["password"] : [])
]

const create = (deps: Deps) => {
  const offered = grantTypes(deps.settings)
  return route("POST", "/oauth/token", open, (request) =>
    Effect.gen(function*() {
      const fields = yield* decodeToken(request.fields)
      if (fields.grant_type === undefined) {
        return yield* Effect.fail(oauthError(400, "invalid_request", "Missing required parameter: grant_type."))
      }
      if (!offered.includes(fields.grant_type)) {
        return yield* Effect.fail(oauthError(400, "unsupported_grant_type", "The grant type is not supported here."))
      }
      const app = yield* Clients.authenticate(deps, request, fields)
      return Answer.json(yield* grant(deps, request, app, fields))
    }))
}

const refused = oauthError(403, "unauthorized_client", "You are not authorized to revoke this token")

const revoke = (deps: Deps) => route("POST", "/oauth/revoke", open, (request) =>
  Effect.gen(function*() {
    const fields = yield* decodeRevoke(request.fields)
    const app = yield* Effect.mapError(Clients.authenticate(deps, request, fields), (error) =>
      error === Clients.invalidClient ? refused : error)
    if (fields.token === undefined) return yield* Effect.fail(oauthError(400, "invalid_request", "Missing required parameter: token."))
    const tokenHash = Secrets.digest(fields.token)
    const token = yield* deps.oauth.token(tokenHash)
    if (token !== undefined && token.appId !== app.id) return yield* Effect.fail(refused)
    yield* deps.oauth.revoke(tokenHash)
    yield* Invalidations.announce(deps, { _tag: "TokenRevoked", tokenHash })
    return Answer.json({})
  }))

/** OpenID Connect's claims, as far as there are any. */
const userinfo = (deps: Deps, method: "GET" | "POST") => personal(method, "/oauth/userinfo", "profile", (_, me) =>
  Effect.map(accountNow(deps, me.id), (row) => {
    const account = Account.entity(row, deps.settings)
    return Answer.json({
      iss: `${deps.settings.publicUrl}/`,
      sub: account.uri,
      name: account.display_name,
      preferred_username: account.username,
      profile: account.url,
      picture: account.avatar
    })
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  create(deps),
  revoke(deps),
  userinfo(deps, "GET"),
  userinfo(deps, "POST")
]
