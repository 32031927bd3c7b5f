/** Client programs: which one calls, and what it may be given. */
import type { OAuthApp } from "@rookery/store/OAuthStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { timingSafeEqual } from "node:crypto"
import type { Deps } from "../Deps.ts"
import { type ApiError, oauthError } from "../http/Errors.ts"
import type { Request } from "../http/Route.ts"
import * as Programs from "../home/Programs.ts"
import * as Scopes from "./Scopes.ts"
import * as Secrets from "./Secrets.ts"

const clientIdMax = 200

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

export const sameHash = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

export const invalidClient = oauthError(
  401,
  "invalid_client",
  "Client authentication failed due to unknown client or a wrong secret."
)

/** Asks for one that was registered in another datacenter; fails while that cannot be reached. */
export const find = (deps: Pick<Deps, "oauth" | "world">, clientId: string): Effect.Effect<OAuthApp | undefined, ApiError | StoreError> =>
  clientId === "" || clientId.length > clientIdMax
    ? Effect.succeed(undefined)
    : Programs.find(deps.oauth, deps.world, clientId)

/** The program that calls, proven by its secret; fails with `invalidClient`. */
export const authenticate = (
  deps: Pick<Deps, "oauth" | "world">,
  request: Request,
  fields: ClientFields
): Effect.Effect<OAuthApp, ApiError | StoreError> => {
  const [id, secret] = clientOf(request, fields)
  return Effect.flatMap(find(deps, id), (app) =>
    app !== undefined && sameHash(app.secretHash, Secrets.digest(secret)) ? Effect.succeed(app) : Effect.fail(invalidClient))
}

/** What was asked for (`read` unless something was), as far as the program is registered for it; undefined beyond that. */
export const grantable = (app: OAuthApp, asked: string | null | undefined): ReadonlyArray<string> | undefined => {
  const registered = new Set(app.scopes.split(" "))
  const scopes = Scopes.parse(asked ?? "")
  if (scopes === undefined) return undefined
  if (scopes.length === 0) return registered.has("read") ? ["read"] : [...registered]
  return scopes.every((scope) => Scopes.covers(registered, scope)) ? scopes : undefined
}
