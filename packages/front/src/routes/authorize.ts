/** The page on which a person lets a program in: log in, then allow or deny. It works without scripts. */
import type { AccountId } from "@rookery/domain/Ids"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import type { Answer } from "../http/Answer.ts"
import { type ApiError, oauthError } from "../http/Errors.ts"
import { wantsPage } from "../http/Html.ts"
import { open, type Request, type Route, route } from "../http/Route.ts"
import * as World from "../home/World.ts"
import * as AuthorizeRequest from "../oauth/AuthorizeRequest.ts"
import * as Browser from "../oauth/Browser.ts"
import { logIn } from "../oauth/LogIn.ts"
import * as Pages from "../oauth/pages.ts"
import * as Secrets from "../oauth/Secrets.ts"
import { accountNow } from "./shared.ts"

type Asked = AuthorizeRequest.AuthorizeRequest
type Answering = Effect.Effect<Answer, ApiError | StoreError>

/** 303: the browser comes with GET, whatever it came with before. */
const goTo = (location: string, headers: ReadonlyArray<string> = []): Answer => ({
  status: 303,
  body: "",
  type: "text/plain; charset=utf-8",
  headers: ["location", location, ...headers]
})

/** Whoever sends no browser's `Accept` gets the contract's error. */
const refuse = (deps: Deps, request: Request, error: string, description: string): Answering =>
  wantsPage(request)
    ? Effect.succeed(Pages.refused(deps.settings, description))
    : Effect.fail(oauthError(error === "invalid_client" ? 401 : 400, error, description))

/** Runs `step` for a request that stands; answers the others. */
const withAsked = (deps: Deps, request: Request, step: (asked: Asked, browser: Browser.Browser) => Answering): Answering =>
  Effect.gen(function*() {
    const outcome = yield* AuthorizeRequest.read(deps, request.fields)
    if (outcome._tag === "Refused") return yield* refuse(deps, request, outcome.error, outcome.description)
    if (outcome._tag === "Back") return goTo(outcome.location)
    return yield* step(outcome.request, yield* Browser.read(deps, request))
  })

const show = (deps: Deps, asked: Asked, browser: Browser.Browser): Answering =>
  browser.account === undefined || asked.forceLogin
    ? Effect.succeed(Pages.login(deps.settings, asked, browser))
    : Effect.map(accountNow(deps, browser.account), (row) => Pages.consent(deps.settings, asked, browser, row.username))

const textOf = (value: unknown): string => typeof value === "string" ? value.replaceAll("\0", "") : ""

const enter = (deps: Deps, request: Request, asked: Asked, browser: Browser.Browser): Answering => {
  const name = textOf(request.fields["username"]).trim()
  const password = textOf(request.fields["password"])
  const again = (status: number, problem: string, headers: ReadonlyArray<string> = []) =>
    Pages.login(deps.settings, asked, browser, { status, problem, name, headers })
  return logIn(deps, { address: request.address(), name, password }).pipe(
    Effect.flatMap((account) =>
      account === undefined
        ? Effect.succeed(again(422, "The username or the password is wrong."))
        : Effect.map(Browser.logIn(deps, browser, account), (headers) => goTo(Pages.addressOf(asked), headers))),
    Effect.catchTag("ApiError", (error) =>
      error.status === 429
        ? Effect.succeed(again(429, "Too many attempts. Try again in a few minutes.", error.headers))
        : Effect.fail(error))
  )
}

const allow = (deps: Deps, asked: Asked, account: AccountId): Answering =>
  Effect.gen(function*() {
    const { app, challenge, redirectUri, scopes, state } = asked
    const code = Secrets.mint(World.ownOf(deps.world))
    yield* deps.oauth.createCode({
      codeHash: Secrets.digest(code),
      appId: app.id,
      account,
      redirectUri,
      challenge,
      scopes: scopes.join(" "),
      expiresAt: Date.now() + deps.settings.limits.codeMillis
    })
    return redirectUri === AuthorizeRequest.outOfBand
      ? Pages.code(deps.settings, asked, code)
      : goTo(AuthorizeRequest.backTo(redirectUri, state, { code }))
  })

const deny = (deps: Deps, asked: Asked): Answer =>
  asked.redirectUri === AuthorizeRequest.outOfBand
    ? Pages.denied(deps.settings, asked)
    : goTo(AuthorizeRequest.backTo(asked.redirectUri, asked.state, {
      error: "access_denied",
      error_description: "The resource owner or authorization server denied the request."
    }))

const act = (deps: Deps, request: Request, asked: Asked, browser: Browser.Browser): Answering => {
  if (!Browser.isOurForm(browser, request)) return Effect.succeed(Pages.stale(deps.settings, asked, browser.headers))
  const { step } = request.fields
  if (step === "log_in") return enter(deps, request, asked, browser)
  if (step === "log_out") return Effect.as(Browser.logOut(deps, browser), goTo(Pages.addressOf(asked)))
  if (step === "deny") return Effect.succeed(deny(deps, asked))
  // The login may have run out while the page was open.
  if (step !== "allow" || browser.account === undefined) return show(deps, asked, browser)
  return allow(deps, asked, browser.account)
}

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  route("GET", Pages.path, open, (request) => withAsked(deps, request, (asked, browser) => show(deps, asked, browser))),
  route("POST", Pages.path, open, (request) =>
    withAsked(deps, request, (asked, browser) => act(deps, request, asked, browser)))
]
