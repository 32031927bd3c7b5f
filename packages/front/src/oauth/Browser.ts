/**
 * The browser in front of the authorize page: a cookie with a secret, which may be logged in. The page's forms carry a
 * digest of the secret, so that only pages of ours can send them.
 */
import type { AccountId } from "@rookery/domain/Ids"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { IncomingHttpHeaders } from "node:http"
import type { Deps } from "../Deps.ts"
import type { Request } from "../http/Route.ts"
import * as World from "../home/World.ts"
import * as Clients from "./Clients.ts"
import * as Secrets from "./Secrets.ts"

const cookieName = "rookery_authorize"

/** The field of a form that proves where it is from. */
export const keyField = "form_key"

const cookiePattern = new RegExp(`(?:^|;\\s*)${cookieName}=(${Secrets.pattern})(?:;|$)`)

export interface Browser {
  readonly secret: string
  /** Who is logged in. */
  readonly account: AccountId | undefined
  /** Headers that give the secret to the browser; none when it has it. */
  readonly headers: ReadonlyArray<string>
}

type BrowserDeps = Pick<Deps, "oauth" | "settings" | "world">

const cookie = ({ settings }: BrowserDeps, secret: string): ReadonlyArray<string> => {
  const secure = settings.publicUrl.startsWith("https:") ? "; Secure" : ""
  const seconds = Math.floor(settings.limits.browserLoginMillis / 1_000)
  // Lax: a program's link to the page brings it along, a form on another site does not.
  return ["set-cookie", `${cookieName}=${secret}; Path=/oauth; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`]
}

/** The secret that a browser brings. One of nobody logged in names no datacenter, so that any serves it. */
export const secretIn = (headers: IncomingHttpHeaders): string | undefined => cookiePattern.exec(headers.cookie ?? "")?.[1]

const secretOf = (request: Request): string | undefined => secretIn(request.headers)

/** The browser as it comes; one without a cookie gets one. */
export const read = (deps: BrowserDeps, request: Request): Effect.Effect<Browser, StoreError> =>
  Effect.suspend((): Effect.Effect<Browser, StoreError> => {
    const known = secretOf(request)
    const secret = known ?? Secrets.mint()
    if (known === undefined) return Effect.succeed({ secret, account: undefined, headers: cookie(deps, secret) })
    return Effect.map(deps.oauth.login(Secrets.digest(secret)), (account) => ({ secret, account, headers: [] }))
  })

export const formKey = (browser: Browser): string => Secrets.digest(`form of ${browser.secret}`)

/** Whether the request is a form of ours, sent by the browser that it was made for. */
export const isOurForm = (browser: Browser, request: Request): boolean => {
  const key = request.fields[keyField]
  return secretOf(request) !== undefined && typeof key === "string" && Clients.sameHash(key, formKey(browser))
}

/** Logs in, under a secret that nobody can have known before; answers the headers that carry it. */
export const logIn = (deps: BrowserDeps, before: Browser, account: AccountId): Effect.Effect<ReadonlyArray<string>, StoreError> =>
  Effect.gen(function*() {
    const secret = Secrets.mint(World.ownOf(deps.world))
    yield* logOut(deps, before)
    yield* deps.oauth.createLogin(Secrets.digest(secret), account, Date.now() + deps.settings.limits.browserLoginMillis)
    return cookie(deps, secret)
  })

export const logOut = (deps: BrowserDeps, browser: Browser): Effect.Effect<void, StoreError> =>
  browser.account === undefined ? Effect.void : deps.oauth.endLogin(Secrets.digest(browser.secret))
