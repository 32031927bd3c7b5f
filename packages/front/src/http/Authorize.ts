/** Lets a request through as its route allows: 401 for a bad token, 403 for too little scope and for a suspended person. */
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { IncomingHttpHeaders } from "node:http"
import type { Identity } from "../oauth/Identity.ts"
import * as Scopes from "../oauth/Scopes.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import { type ApiError, forbidden, invalid, unauthorized } from "./Errors.ts"
import type { Fields } from "./Fields.ts"
import type { Access } from "./Route.ts"

const tokenLengthMax = 256

/** The token of the header, or of the query where clients cannot set headers. */
export const tokenOf = (headers: IncomingHttpHeaders, fields: Fields): string | undefined => {
  const header = headers.authorization
  if (header !== undefined) return /^bearer +(\S+) *$/i.exec(header)?.[1] ?? ""
  const field = fields["access_token"]
  return typeof field === "string" && field !== "" ? field : undefined
}

const judge = (access: Access, identity: Identity | undefined): ApiError | undefined => {
  if (access.kind === "open") return undefined
  if (identity === undefined) return unauthorized()
  if (identity.suspended) return forbidden("Your login is currently disabled")
  if (access.kind === "person" && identity.account === undefined) {
    return invalid("This method requires an authenticated user")
  }
  // What anyone may see, a program's own token may see too.
  if (access.scope === undefined || (access.kind === "optional" && identity.account === undefined)) return undefined
  return Scopes.covers(identity.scopes, access.scope) ? undefined : forbidden()
}

const admit = (access: Access, identity: Identity | undefined): Effect.Effect<Identity | undefined, ApiError> => {
  const refusal = judge(access, identity)
  return refusal === undefined ? Effect.succeed(identity) : Effect.fail(refusal)
}

/** Who calls; undefined for nobody in particular, where the route allows it. */
export const authorize = (
  tokens: Tokens,
  access: Access,
  headers: IncomingHttpHeaders,
  fields: Fields
): Effect.Effect<Identity | undefined, ApiError | StoreError> => {
  if (access.kind === "open") return Effect.succeed(undefined)
  const token = tokenOf(headers, fields)
  if (token === undefined) return access.kind === "optional" ? Effect.succeed(undefined) : Effect.fail(unauthorized())
  if (token === "" || token.length > tokenLengthMax) return Effect.fail(unauthorized())
  const known = tokens.peek(token)
  return known === undefined
    ? Effect.flatMap(tokens.resolve(token), (identity) => admit(access, identity))
    : admit(access, known)
}
