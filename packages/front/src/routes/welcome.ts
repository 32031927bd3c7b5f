/** What somebody sees who opens the server's address in a browser. For programs there is nothing at that path. */
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import type { Answer } from "../http/Answer.ts"
import * as Edge from "../http/Edge.ts"
import { ApiError } from "../http/Errors.ts"
import { html, type Markup, page, wantsPage } from "../http/Html.ts"
import { open, type Route, route } from "../http/Route.ts"
import type * as Instance from "../render/Instance.ts"
import type { FrontSettings } from "../Settings.ts"

/** The two answers of one address are not taken for each other. */
const vary = ["vary", "Accept"]

const nothing = new ApiError({ status: 404, error: "Not found", headers: vary })

const counted = (count: number, one: string, many: string): string => `${count.toLocaleString("en")} ${count === 1 ? one : many}`

const totalsText = (totals: Instance.Totals | undefined): Markup | undefined =>
  totals && html`<p>${counted(totals.accounts, "person", "people")}, ${counted(totals.posts, "post", "posts")}.</p>`

const signUpText = (settings: FrontSettings): string =>
  settings.registrationsOpen ? "Sign up or log in there." : "Log in there; whoever runs this server makes new accounts."

const pageOf = (settings: FrontSettings, totals: Instance.Totals | undefined): Answer =>
  page({
    title: settings.title,
    headers: vary,
    body: html`<h1>${settings.title}</h1>
<p>${settings.description}. This is a server for clients: it has no timelines to look at in a browser.</p>
${totalsText(totals)}
<h2>With a client</h2>
<p>Take any Mastodon client, for the phone, the web or the terminal, and give it the address of this server:</p>
<code class="code">${settings.publicUrl}</code>
<p>${signUpText(settings)}</p>
<h2>For programs</h2>
<ul>
<li>The <a href="https://docs.joinmastodon.org/client/intro/">Mastodon client API</a>, as described by <a href="/api/v2/instance">this server</a> of itself</li>
<li><a href="/api/x">What goes beyond it</a>, also as <a href="/api/x/openapi.json">OpenAPI</a></li>
<li>For who runs it: <a href="/health">health</a>, <a href="/ready">readiness</a>, <a href="/metrics">metrics</a>; README.md and docs/operations.md in Rookery's sources</li>
</ul>
<p>Rookery ${settings.version}</p>`
  })

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  route("GET", "/", open, (request) => {
    if (!wantsPage(request)) return Effect.fail(nothing)
    // The page is worth having while nothing can be counted.
    return Effect.map(Effect.option(deps.totals), (totals) =>
      Edge.shared(request, deps.settings.limits, pageOf(deps.settings, totals._tag === "Some" ? totals.value : undefined)))
  })
]
