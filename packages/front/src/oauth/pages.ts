/** The pages that a person sees on the way to letting a program in. */
import type { Answer } from "../http/Answer.ts"
import { html, type Markup, page } from "../http/Html.ts"
import { type AuthorizeRequest, fieldsOf, outOfBand } from "./AuthorizeRequest.ts"
import { type Browser, formKey, keyField } from "./Browser.ts"

/** What the pages say of the server. */
interface Server {
  readonly title: string
}

export const path = "/oauth/authorize"

const hidden = (name: string, value: string): Markup => html`<input type="hidden" name="${name}" value="${value}">`

/** Every form carries the whole request: nothing is kept between two steps. */
const carried = (request: AuthorizeRequest, browser: Browser): ReadonlyArray<Markup> =>
  [...fieldsOf(request), [keyField, formKey(browser)] as const].map(([name, value]) => hidden(name, value))

const hostOf = (website: string | null): string | undefined =>
  website !== null && URL.canParse(website) ? new URL(website).host : undefined

const programOf = ({ app }: AuthorizeRequest): Markup => {
  const host = hostOf(app.website)
  return html`<strong>${app.name}</strong>${host === undefined ? undefined : html` (${host})`}`
}

const problemLine = (problem: string | undefined): Markup =>
  problem === undefined ? html`` : html`<p class="error" role="alert">${problem}</p>`

interface LoginPage {
  readonly status?: number
  readonly problem?: string
  readonly name?: string
  readonly headers?: ReadonlyArray<string>
}

export const login = (server: Server, request: AuthorizeRequest, browser: Browser, options: LoginPage = {}): Answer =>
  page({
    title: `Log in · ${server.title}`,
    status: options.status ?? 200,
    formAction: "'self'",
    headers: [...browser.headers, ...(options.headers ?? [])],
    body: html`<h1>Log in to ${server.title}</h1>
<p>${programOf(request)} asks to use your account.</p>
${problemLine(options.problem)}
<form method="post" action="${path}">${carried(request, browser)}
<label for="name">Username or e-mail address</label>
<input id="name" name="username" value="${options.name ?? ""}" autocomplete="username" autocapitalize="none" spellcheck="false" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button class="first" name="step" value="log_in">Log in</button></form>`
  })

/** What the broad scopes mean; the narrow ones name what they are about. */
const meanings: Readonly<Record<string, string>> = {
  "profile": "See your name and picture",
  "read": "See everything that you can see",
  "write": "Write, change and delete in your name",
  "follow": "Change whom you follow, block and mute",
  "push": "Receive your notifications",
  "admin:read": "See what moderators see",
  "admin:write": "Do what moderators may do"
}

const meaningOf = (scope: string): string => {
  const known = meanings[scope]
  if (known !== undefined) return known
  const about = scope.slice(scope.lastIndexOf(":") + 1).replaceAll("_", " ")
  return `${scope.startsWith("admin:") ? "Moderation: " : ""}${scope.includes("write:") ? "Change" : "See"} your ${about}`
}

/**
 * Browsers hold redirects after a form to `form-action` as well, and along their whole way: the program's scheme is
 * named, and not its host, which may itself redirect.
 */
const formActionOf = ({ redirectUri }: AuthorizeRequest): string =>
  redirectUri === outOfBand ? "'self'" : `'self' ${new URL(redirectUri).protocol}`

export const consent = (server: Server, request: AuthorizeRequest, browser: Browser, username: string): Answer =>
  page({
    title: `Authorize ${request.app.name} · ${server.title}`,
    formAction: formActionOf(request),
    headers: browser.headers,
    body: html`<h1>Let ${programOf(request)} use your account?</h1>
<form method="post" action="${path}">${carried(request, browser)}
<p>You are logged in as <strong>@${username}</strong>. <button class="plain" name="step" value="log_out">Use another account</button></p></form>
<p>It will be able to:</p>
<ul>${request.scopes.map((scope) => html`<li>${meaningOf(scope)} <code>${scope}</code></li>`)}</ul>
<form method="post" action="${path}">${carried(request, browser)}
<button class="first" name="step" value="allow">Authorize</button><button name="step" value="deny">Deny</button></form>`
  })

export const code = (server: Server, request: AuthorizeRequest, given: string): Answer =>
  page({
    title: `Authorization code · ${server.title}`,
    body: html`<h1>Copy this code into ${programOf(request)}</h1>
<code class="code" id="code">${given}</code>
<p>It is good once, and for a few minutes. Give it to nobody else.</p>`
  })

export const denied = (server: Server, request: AuthorizeRequest): Answer =>
  page({
    title: `Denied · ${server.title}`,
    body: html`<h1>Denied</h1><p>${programOf(request)} was not given access to your account. You can close this page.</p>`
  })

/** A form that came from elsewhere, or too late. */
export const stale = (server: Server, request: AuthorizeRequest, headers: ReadonlyArray<string>): Answer =>
  page({
    title: `Try again · ${server.title}`,
    status: 403,
    headers,
    body: html`<h1>This page is out of date</h1>
<p><a href="${addressOf(request)}">Start again</a>. If that leads back here, cookies may be switched off in this browser.</p>`
  })

export const refused = (server: Server, description: string): Answer =>
  page({
    title: `Error · ${server.title}`,
    status: 400,
    body: html`<h1>This request cannot be answered</h1><p class="error" role="alert">${description}</p>
<p>The program that sent you here made a mistake; it may help to register it again.</p>`
  })

/** The page's address for the same request. */
export const addressOf = (request: AuthorizeRequest): string =>
  `${path}?${new URLSearchParams(Object.fromEntries(fieldsOf(request))).toString()}`
