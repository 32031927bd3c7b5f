/** Sign-up: a program makes an account for a person and gets their token. */
import { AccountId } from "@rookery/domain/Ids"
import type { AccountRow, NewAccount, Taken } from "@rookery/store/AccountStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, forbidden, invalid, unavailable } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { type Route, route, token } from "../http/Route.ts"
import * as Claims from "../home/Claims.ts"
import * as Passwords from "../oauth/Passwords.ts"
import { giveToken } from "./oauth.ts"

const usernameMax = 30
const emailMax = 320
const passwordMin = 8
const passwordMax = 128

const decodeSignUp = Input.decoder(Schema.Struct({
  username: Schema.optionalKey(Input.Text),
  email: Schema.optionalKey(Input.Text),
  password: Schema.optionalKey(Schema.String),
  agreement: Schema.optionalKey(Input.Flag)
}))

interface Detail {
  readonly error: string
  readonly description: string
}

type Details = Record<string, Array<Detail>>

const blank: Detail = { error: "ERR_BLANK", description: "can't be blank" }

/** The e-mail address is looked at only for its shape: whether it works, a message to it would show. */
const isEmail = (text: string): boolean => text.length <= emailMax && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)

/** Names that people would take for the server itself, or that addresses of ours begin with. */
const reserved = new Set(
  ("about abuse account accounts admin administrator administration api auth help hostmaster inbox info instance login logout mail " +
    "mailer_daemon media mod moderator moderators nobody noreply no_reply oauth official owner postmaster privacy public root " +
    "rookery security server settings sign_in sign_up signup staff support system tags terms users webmaster www").split(" ")
)

const usernameProblem = (username: string): Detail | undefined => {
  if (username === "") return blank
  if (!/^[a-z0-9_]+$/i.test(username)) {
    return { error: "ERR_INVALID", description: "must contain only letters, numbers and underscores" }
  }
  if (username.length > usernameMax) {
    return { error: "ERR_TOO_LONG", description: `is too long (maximum is ${usernameMax} characters)` }
  }
  return reserved.has(username.toLowerCase()) ? { error: "ERR_RESERVED", description: "is reserved" } : undefined
}

const emailProblem = (email: string): Detail | undefined => {
  if (email === "") return blank
  return isEmail(email) ? undefined : { error: "ERR_INVALID", description: "is not a valid e-mail address" }
}

const passwordProblem = (password: string): Detail | undefined => {
  if (password === "") return blank
  if (password.length < passwordMin) {
    return { error: "ERR_TOO_SHORT", description: `is too short (minimum is ${passwordMin} characters)` }
  }
  if (password.length <= passwordMax) return undefined
  return { error: "ERR_TOO_LONG", description: `is too long (maximum is ${passwordMax} characters)` }
}

const problems = (username: string, email: string, password: string, agreement: boolean): Details => {
  const details: Details = {}
  const add = (field: string, problem: Detail | undefined) => {
    if (problem !== undefined) details[field] = [problem]
  }
  add("username", usernameProblem(username))
  add("email", emailProblem(email))
  add("password", passwordProblem(password))
  add("agreement", agreement ? undefined : { error: "ERR_ACCEPTED", description: "must be accepted" })
  return details
}

const taken: Detail = { error: "ERR_TAKEN", description: "has already been taken" }

/** What is taken, of what is well-formed: so that a person learns of everything at once. */
const addTaken = (deps: Deps, details: Details, username: string, email: string) =>
  Effect.gen(function*() {
    if (details["username"] === undefined && (yield* deps.accounts.byUsername(username)) !== undefined) {
      details["username"] = [taken]
    }
    if (details["email"] === undefined && (yield* deps.accounts.credentials(email)) !== undefined) details["email"] = [taken]
  })

const labels: Readonly<Record<string, string>> = { username: "Username", email: "E-mail", password: "Password", agreement: "Agreement" }

const refusal = (details: Details) => {
  const sentences = Object.entries(details).flatMap(([field, list]) => list.map(({ description }) => `${labels[field]} ${description}`))
  return invalid(`Validation failed: ${sentences.join(", ")}`, details)
}

/** Where there are several datacenters, the name is claimed at the one that decides about it. */
const make = (deps: Deps, account: NewAccount): Effect.Effect<AccountRow | Taken, ApiError | StoreError> => {
  const { accounts, claims, world } = deps
  if (world === undefined) return accounts.create(account)
  return Effect.catchTag(Claims.create({ claims, world }, account), "Unanswered", ({ datacenter }) =>
    Effect.fail(unavailable(`The datacenter ${datacenter}, which gives out this name, cannot be reached: try again later, or choose another name`, 5)))
}

const signUp = (deps: Deps) => route("POST", "/api/v1/accounts", token("write:accounts"), (request) =>
  Effect.gen(function*() {
    if (!deps.settings.registrationsOpen) return yield* Effect.fail(forbidden("Registrations are closed"))
    const { agreement = false, email = "", password = "", username = "" } = yield* decodeSignUp(request.fields)
    const details = problems(username, email, password, agreement)
    yield* addTaken(deps, details, username, email)
    if (Object.keys(details).length > 0) return yield* Effect.fail(refusal(details))
    const passwordHash = yield* deps.hashGate(Passwords.hashPassword(password))
    const id = AccountId.make(yield* Effect.mapError(deps.ids.mint, () => unavailable()))
    const shard = deps.directory.shardOf(String(id))
    const created = yield* make(deps, { id, shard, username, email, passwordHash, admin: false })
    if (typeof created === "string") {
      // Somebody else was quicker, just now.
      return yield* Effect.fail(refusal({ [created]: [taken] }))
    }
    const { appId, scopes } = request.identity!
    return Answer.json(yield* giveToken(deps, appId, id, [...scopes].join(" ")))
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [signUp(deps)]
