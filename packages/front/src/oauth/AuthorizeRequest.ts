/** What a program asks of a person through the authorize page (RFC 6749 and 7636), and how it is told the outcome. */
import type { OAuthApp } from "@rookery/store/OAuthStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import type { ApiError } from "../http/Errors.ts"
import type { Fields } from "../http/Fields.ts"
import * as Input from "../http/Input.ts"
import * as Clients from "./Clients.ts"

/** For programs without an address of their own: the code is shown, and the person carries it over. */
export const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

const stateMax = 4_096

/** A SHA-256 in base64url. */
const challengePattern = /^[A-Za-z0-9_-]{43}$/

const decode = Input.decoder(Schema.Struct({
  client_id: Schema.optionalKey(Input.Text),
  redirect_uri: Schema.optionalKey(Input.Text),
  response_type: Schema.optionalKey(Input.Text),
  scope: Schema.optionalKey(Input.Text),
  state: Schema.optionalKey(Input.Text),
  code_challenge: Schema.optionalKey(Input.Text),
  code_challenge_method: Schema.optionalKey(Input.Text),
  force_login: Schema.optionalKey(Input.Flag)
}))

type Asking = Effect.Success<ReturnType<typeof decode>>

export interface AuthorizeRequest {
  readonly app: OAuthApp
  readonly redirectUri: string
  readonly scopes: ReadonlyArray<string>
  readonly state: string | undefined
  /** PKCE's, by S256; null when the program does without. */
  readonly challenge: string | null
  /** Whether the person shall log in even if they are. */
  readonly forceLogin: boolean
}

interface Problem {
  readonly error: string
  readonly description: string
}

/**
 * `Refused` is for the person, since nobody has proven to be the program; `Back` goes to the program, by a redirect.
 */
export type Outcome =
  | { readonly _tag: "Asked"; readonly request: AuthorizeRequest }
  | ({ readonly _tag: "Refused" } & Problem)
  | { readonly _tag: "Back"; readonly location: string }

const refused = (error: string, description: string): Outcome => ({ _tag: "Refused", error, description })

/** The redirect URI with `answer` and the program's `state` added. Its own query stays as it is. */
export const backTo = (redirectUri: string, state: string | undefined, answer: Readonly<Record<string, string>>): string => {
  // Normalised, since a header holds no letters beyond ASCII.
  const { href } = new URL(redirectUri)
  const added = new URLSearchParams({ ...answer, ...(state === undefined ? {} : { state }) })
  return `${href}${href.includes("?") ? "&" : "?"}${added.toString()}`
}

const problemOf = (asking: Asking): Problem | undefined => {
  const { code_challenge: challenge, code_challenge_method: method } = asking
  if (asking.response_type !== "code") {
    return { error: "unsupported_response_type", description: "The authorization server does not support this response type." }
  }
  if (challenge === undefined) {
    return method === undefined ? undefined : { error: "invalid_request", description: "Missing required parameter: code_challenge." }
  }
  // Left out, the method would be `plain`, which protects nobody.
  if (method !== "S256") return { error: "invalid_request", description: "The code_challenge_method must be S256." }
  return challengePattern.test(challenge) ? undefined : { error: "invalid_request", description: "The code_challenge is malformed." }
}

const judge = (app: OAuthApp, redirectUri: string, asking: Asking): Outcome => {
  const { state } = asking
  const scopes = Clients.grantable(app, asking.scope)
  const problem = problemOf(asking) ??
    (scopes === undefined ? { error: "invalid_scope", description: "The requested scope is invalid, unknown, or malformed." } : undefined)
  if (problem === undefined) {
    const challenge = asking.code_challenge ?? null
    return { _tag: "Asked", request: { app, redirectUri, scopes: scopes!, state, challenge, forceLogin: asking.force_login ?? false } }
  }
  if (redirectUri === outOfBand) return refused(problem.error, problem.description)
  const answer = { error: problem.error, error_description: problem.description }
  return { _tag: "Back", location: backTo(redirectUri, state, answer) }
}

/** Looks at everything anew, whichever step of the page the fields come from. */
export const read = (deps: Pick<Deps, "oauth" | "world">, fields: Fields): Effect.Effect<Outcome, ApiError | StoreError> =>
  Effect.gen(function*() {
    const asking = yield* decode(fields)
    const app = yield* Clients.find(deps, asking.client_id ?? "")
    if (app === undefined) {
      return refused("invalid_client", "Client authentication failed due to unknown client.")
    }
    const { redirect_uri: redirectUri = "" } = asking
    // Letter by letter: anything looser has been used to carry codes elsewhere.
    if (!app.redirectUris.includes(redirectUri)) {
      return refused("invalid_request", "The redirect URI included is not valid.")
    }
    if ((asking.state ?? "").length > stateMax) return refused("invalid_request", "The state is too long.")
    return judge(app, redirectUri, asking)
  })

/** The fields that ask for the same again, without the wish to log in anew. */
export const fieldsOf = ({ app, challenge, redirectUri, scopes, state }: AuthorizeRequest): ReadonlyArray<readonly [string, string]> => [
  ["client_id", app.clientId],
  ["redirect_uri", redirectUri],
  ["response_type", "code"],
  ["scope", scopes.join(" ")],
  ...(state === undefined ? [] : [["state", state] as const]),
  ...(challenge === null ? [] : [["code_challenge", challenge] as const, ["code_challenge_method", "S256"] as const])
]
