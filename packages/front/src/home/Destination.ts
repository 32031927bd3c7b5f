/** Which datacenter a request belongs to: that of its secrets (SecretHome.ts), or where a person logs in the home of the account that they name. */
import * as Datacenters from "@rookery/domain/Datacenters"
import * as Media from "@rookery/domain/Media"
import * as HomeAsks from "@rookery/protocol/HomeAsks"
import type { AccountStore } from "@rookery/store/AccountStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import { tokenOf } from "../http/Authorize.ts"
import { type ApiError, unavailable } from "../http/Errors.ts"
import * as Fields from "../http/Fields.ts"
import type { Route } from "../http/Route.ts"
import * as Browser from "../oauth/Browser.ts"
import * as Pages from "../oauth/pages.ts"
import * as Pictures from "../render/Media.ts"
import { ask } from "./Asking.ts"
import { type Destination, elsewhere, ofSecret } from "./SecretHome.ts"
import * as World from "./World.ts"

/** As the request's head tells; `protocol` is the first subprotocol of a WebSocket, which may be a token. */
export const ofHead = (world: World.World, headers: IncomingHttpHeaders, rawQuery: string, protocol?: string): Destination =>
  ofSecret(world, tokenOf(headers, rawQuery.includes("access_token") ? Fields.ofQuery(rawQuery) : Fields.empty) ?? protocol)

/** Pictures are where their owner is. What is no key is refused here. */
const ofPicture = (world: World.World, url: string): Destination => {
  const [, key] = /^\/media\/([^?]*)/.exec(url) ?? []
  return key === undefined || !Media.isKey(key) ? undefined : elsewhere(world, Datacenters.homeOf(world.datacenters, Media.idOf(key)))
}

/** The same, where the route looks at a token or at a browser. */
export const ofRoute = (world: World.World, route: Route, { headers, url }: IncomingMessage, rawQuery: string): Destination => {
  if (route.pattern === Pictures.path) return ofPicture(world, url ?? "")
  if (route.access.kind !== "open") return ofHead(world, headers, rawQuery)
  return route.pattern === Pages.path && route.method === "GET" ? ofSecret(world, Browser.secretIn(headers)) : undefined
}

interface NameDeps {
  readonly accounts: AccountStore["Service"]
  readonly world: World.World
  /** Fails when the asker has asked too much. */
  readonly admit: Effect.Effect<void, ApiError>
}

const nobodyKnows = unavailable("A datacenter cannot be reached, and this address may be known there: log in with the username, or try again later", 5)

/** Asks all others at once. E-mail addresses are not told to other datacenters ahead. */
const ofAddress = ({ admit, world }: NameDeps, email: string): Effect.Effect<Destination, ApiError> =>
  Effect.gen(function*() {
    yield* admit
    const answers = yield* Effect.forEach(World.others(world), (home) =>
      ask(world, home, HomeAsks.address, { email }).pipe(
        Effect.map(({ known }) => ({ home, known })),
        Effect.catch(() => Effect.succeed({ home, known: undefined }))
      ), { concurrency: "unbounded" })
    const found = answers.find(({ known }) => known === true)
    if (found !== undefined) return found.home
    return answers.some(({ known }) => known === undefined) ? yield* Effect.fail(nobodyKnows) : undefined
  })

const loginMax = 320

/** The home of whoever logs in under this username or e-mail address. */
export const ofLogin = (deps: NameDeps, login: unknown): Effect.Effect<Destination, ApiError | StoreError> =>
  Effect.gen(function*() {
    const name = typeof login === "string" ? login.replaceAll("\0", "").trim() : ""
    if (name === "" || name.length > loginMax) return undefined
    const row = yield* deps.accounts.byUsername(name)
    if (row !== undefined) return elsewhere(deps.world, Datacenters.homeOf(deps.world.datacenters, row.id))
    if (!name.includes("@") || (yield* deps.accounts.credentials(name)) !== undefined) return undefined
    return yield* ofAddress(deps, name)
  })

const ofTokenRequest = (deps: NameDeps, fields: Fields.Fields): Effect.Effect<Destination, ApiError | StoreError> => {
  if (fields["grant_type"] === "password") return ofLogin(deps, fields["username"])
  return Effect.succeed(fields["grant_type"] === "authorization_code" ? ofSecret(deps.world, fields["code"]) : undefined)
}

/** As the fields of a body tell, for a request whose head tells nothing. */
export const ofFields = (
  deps: NameDeps,
  route: Route,
  headers: IncomingHttpHeaders,
  fields: Fields.Fields
): Effect.Effect<Destination, ApiError | StoreError> => {
  const { world } = deps
  if (route.pattern === "/oauth/token") return ofTokenRequest(deps, fields)
  if (route.pattern === "/oauth/revoke") return Effect.succeed(ofSecret(world, fields["token"]))
  if (route.pattern === Pages.path) {
    // Who logs in may have been somebody of another datacenter before.
    return fields["step"] === "log_in" ? ofLogin(deps, fields["username"]) : Effect.succeed(ofSecret(world, Browser.secretIn(headers)))
  }
  return Effect.succeed(route.access.kind === "open" ? undefined : ofSecret(world, tokenOf(headers, fields)))
}
