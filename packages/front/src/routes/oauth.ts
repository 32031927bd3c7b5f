/** Tokens: given for a program's own secret, or for a person's password where that is allowed; and taken back. */
import { timingSafeEqual } from "node:crypto"
import type { AccountId } from "@rookery/domain/Ids"
import type { OAuthApp } from "@rookery/store/OAuthStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, oauthError } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { open, type Request, type Route, route } from "../http/Route.ts"
import * as Invalidations from "../Invalidations.ts"
import * as Passwords from "../oauth/Passwords.ts"
import * as Scopes from "../oauth/Scopes.ts"
import * as Secrets from "../oauth/Secrets.ts"

const passwordMax = 1_024

const decodeToken = Input.decoder(Schema.Struct({
  grant_type: Schema.optionalKey(Input.Text),
  client_id: Schema.optionalKey(Input.Text),
  client_secret: Schema.optionalKey(Input.Text),
  scope: Schema.optionalKey(Schema.NullOr(Input.Text)),
  username: Schema.optionalKey(Input.Text),
  password: Schema.optionalKey(Schema.String)
}))

const decodeRevoke = Input.decoder(Schema.Struct({
  client_id: Schema.optionalKey(Input.Text),
  client_secret: Schema.optionalKey(Input.Text),
  token: Schema.optionalKey(Input.Text)
}))

interface ClientFields {
  readonly client_id?: string
  readonly client_secret?: string
}

/** The client's id and secret, from the fields or from HTTP Basic. */
const clientOf = (request: Request, fields: ClientFields): readonly [id: string, secret: string] => {
  const basic = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(request.headers.authorization ?? "")
  if (fields.client_id !== undefined || basic === null) return [fields.client_id ?? "", fields.client_secret ?? ""]
  const [id = "", ...secret] = Buffer.from(basic[1]!, "base64").toString("utf8").replaceAll("\0", "").split(":")
  return [id, secret.join(":")]
}

const sameHash = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const invalidClient = oauthError(401, "invalid_client", "Client authentication failed due to unknown client or a wrong secret.")

const authenticateClient = (deps: Deps, request: Request, fields: ClientFields): Effect.Effect<OAuthApp, ApiError | StoreError> => {
  const [id, secret] = clientOf(request, fields)
  if (id === "" || id.length > 200) return Effect.fail(invalidClient)
  return Effect.flatMap(deps.oauth.appByClientId(id), (app) =>
    app !== undefined && sameHash(app.secretHash, Secrets.digest(secret)) ? Effect.succeed(app) : Effect.fail(invalidClient))
}

/** What was asked for, as far as the program is registered for it. */
const grantedScopes = (app: OAuthApp, asked: string | null | undefined): Effect.Effect<string, ApiError> => {
  const registered = new Set(app.scopes.split(" "))
  if (asked === undefined || asked === null || asked === "") {
    return Effect.succeed(registered.has("read") ? "read" : app.scopes)
  }
  const scopes = Scopes.parse(asked)
  return scopes !== undefined && scopes.length > 0 && scopes.every((scope) => Scopes.covers(registered, scope))
    ? Effect.succeed(scopes.join(" "))
    : Effect.fail(oauthError(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."))
}

/** Makes a token and answers it as the contract's `Token`. */
export const giveToken = (deps: Deps, appId: bigint, account: AccountId | null, scopes: string) =>
  Effect.gen(function*() {
    const token = Secrets.mint()
    const createdAt = Date.now()
    yield* deps.oauth.createToken({ tokenHash: Secrets.digest(token), appId, account, scopes, createdAt })
    return { access_token: token, token_type: "Bearer", scope: scopes, created_at: Math.floor(createdAt / 1_000) }
  })

const invalidGrant = oauthError(400, "invalid_grant", "The username or the password is wrong, or the account is disabled.")

const logIn = (deps: Deps, username: string, password: string): Effect.Effect<AccountId, ApiError | StoreError> =>
  Effect.gen(function*() {
    if (username === "" || username.length > 320 || password.length > passwordMax) return yield* Effect.fail(invalidGrant)
    const found = yield* deps.accounts.credentials(username)
    const stored = found?.passwordHash ?? undefined
    const check = stored === undefined ? Passwords.pretendVerify(password) : Passwords.verifyPassword(password, stored)
    const isRight = yield* deps.hashGate(check)
    if (!isRight || found === undefined || found.disabledAt !== null) return yield* Effect.fail(invalidGrant)
    return found.id
  })

const create = (deps: Deps) => route("POST", "/oauth/token", open, (request) =>
  Effect.gen(function*() {
    const fields = yield* decodeToken(request.fields)
    const isPassword = fields.grant_type === "password" && deps.settings.passwordGrant
    if (fields.grant_type === undefined) {
      return yield* Effect.fail(oauthError(400, "invalid_request", "Missing required parameter: grant_type."))
    }
    if (fields.grant_type !== "client_credentials" && !isPassword) {
      return yield* Effect.fail(oauthError(400, "unsupported_grant_type", "The grant type is not supported here."))
    }
    const app = yield* authenticateClient(deps, request, fields)
    const scopes = yield* grantedScopes(app, fields.scope)
    const account = isPassword ? yield* logIn(deps, fields.username ?? "", fields.password ?? "") : null
    return Answer.json(yield* giveToken(deps, app.id, account, scopes))
  }))

const refused = oauthError(403, "unauthorized_client", "You are not authorized to revoke this token")

const revoke = (deps: Deps) => route("POST", "/oauth/revoke", open, (request) =>
  Effect.gen(function*() {
    const fields = yield* decodeRevoke(request.fields)
    const app = yield* Effect.mapError(authenticateClient(deps, request, fields), (error) =>
      error === invalidClient ? refused : error)
    if (fields.token === undefined) return yield* Effect.fail(oauthError(400, "invalid_request", "Missing required parameter: token."))
    const tokenHash = Secrets.digest(fields.token)
    const token = yield* deps.oauth.token(tokenHash)
    if (token !== undefined && token.appId !== app.id) return yield* Effect.fail(refused)
    yield* deps.oauth.revoke(tokenHash)
    yield* Invalidations.announce(deps, { _tag: "TokenRevoked", tokenHash })
    return Answer.json({})
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [create(deps), revoke(deps)]
