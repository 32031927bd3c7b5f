/** Rookery's own part of the API, `/api/x/`, described from its routes: as OpenAPI and as a page. */
import { Effect } from "effect"
import * as Answer from "../http/Answer.ts"
import { html, type Markup, page } from "../http/Html.ts"
import { type Access, documented, open, type Route, route, type RouteDoc } from "../http/Route.ts"
import type { FrontSettings } from "../Settings.ts"

const prefix = "/api/x"

const isOwn = ({ pattern }: Route): boolean => pattern === prefix || pattern.startsWith(`${prefix}/`)

const unknown: RouteDoc = { summary: "Not described yet", answer: "JSON" }

const docOf = (one: Route): RouteDoc => one.doc ?? unknown

/** `/a/:id` in the words of OpenAPI. */
const pathOf = (pattern: string): string => pattern.replaceAll(/:([A-Za-z_]+)/g, "{$1}")

const text = { type: "string" }

const scopesOf = (access: Access): ReadonlyArray<string> =>
  access.kind === "open" || access.scope === undefined ? [] : [access.scope]

const securityOf = (access: Access): ReadonlyArray<Record<string, ReadonlyArray<string>>> => {
  if (access.kind === "open") return []
  const needed = { oauth: scopesOf(access) }
  // An empty requirement: it works without a token as well.
  return access.kind === "optional" ? [needed, {}] : [needed]
}

const parametersOf = (one: Route) => {
  const inPath = [...one.pattern.matchAll(/:([A-Za-z_]+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: text }))
  const fields = one.method === "GET" ? Object.entries(docOf(one).fields ?? {}) : []
  return [...inPath, ...fields.map(([name, description]) => ({ name, in: "query", description, schema: text }))]
}

const bodyOf = (one: Route) => {
  const fields = Object.entries(docOf(one).fields ?? {})
  if (one.method === "GET" || fields.length === 0) return {}
  const properties = Object.fromEntries(fields.map(([name, description]) => [name, { description }]))
  return { requestBody: { content: { "application/json": { schema: { type: "object", properties } } } } }
}

const operationOf = (one: Route) => ({
  summary: docOf(one).summary,
  security: securityOf(one.access),
  parameters: parametersOf(one),
  ...bodyOf(one),
  responses: {
    200: { description: docOf(one).answer },
    default: {
      description: "What went wrong",
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } }
    }
  }
})

const pathsOf = (routes: ReadonlyArray<Route>) => {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const one of routes) (paths[pathOf(one.pattern)] ??= {})[one.method.toLowerCase()] = operationOf(one)
  return paths
}

const componentsOf = (routes: ReadonlyArray<Route>) => {
  const scopes = Object.fromEntries(routes.flatMap(({ access }) => scopesOf(access)).map((scope) => [scope, scope]))
  return {
    securitySchemes: {
      oauth: {
        type: "oauth2",
        flows: { authorizationCode: { authorizationUrl: "/oauth/authorize", tokenUrl: "/oauth/token", scopes } }
      }
    },
    schemas: {
      Error: { type: "object", required: ["error"], properties: { error: text, error_description: text } }
    }
  }
}

const documentOf = (settings: FrontSettings, routes: ReadonlyArray<Route>) => ({
  openapi: "3.1.0",
  info: {
    title: `${settings.title}: what goes beyond the Mastodon client API`,
    version: settings.version,
    description: "Everything outside /api/x/ is the Mastodon client API, documented at https://docs.joinmastodon.org/."
  },
  servers: [{ url: settings.publicUrl }],
  paths: pathsOf(routes),
  components: componentsOf(routes)
})

const accessText = (access: Access): string => {
  if (access.kind === "open") return "open to all"
  const scope = access.scope === undefined ? "any scope" : `scope ${access.scope}`
  return access.kind === "optional" ? `open to all; with a token: ${scope}` : `needs a token: ${scope}`
}

const section = (one: Route): Markup => {
  const { answer, fields = {}, summary } = docOf(one)
  return html`<h2><code>${one.method} ${pathOf(one.pattern)}</code></h2><p>${summary} (${accessText(one.access)})</p>
<dl>${Object.entries(fields).map(([name, what]) => html`<dt><code>${name}</code></dt><dd>${what}</dd>`)}<dt>Answer</dt><dd>${answer}</dd></dl>`
}

const pageOf = (settings: FrontSettings, routes: ReadonlyArray<Route>) =>
  page({
    title: `API · ${settings.title}`,
    wide: true,
    body: html`<h1>${settings.title}: what goes beyond the Mastodon client API</h1>
<p>The same as OpenAPI: <a href="${prefix}/openapi.json">openapi.json</a>. Everything outside of <code>${prefix}/</code> is the
<a href="https://docs.joinmastodon.org/client/intro/">Mastodon client API</a>; tokens come from <a href="/.well-known/oauth-authorization-server">OAuth</a>.</p>
${routes.map(section)}`
  })

/** `others` are all the other routes of the front. */
export const routes = (settings: FrontSettings, others: ReadonlyArray<Route>): ReadonlyArray<Route> => {
  const own: ReadonlyArray<Route> = [
    documented(route("GET", prefix, open, () => Effect.sync(() => asPage)), { summary: "This description", answer: "A page for people" }),
    documented(route("GET", `${prefix}/openapi.json`, open, () => Effect.sync(() => asJson)), {
      summary: "This description for programs",
      answer: "OpenAPI 3.1"
    })
  ]
  const described = [...own, ...others.filter(isOwn)].sort((a, b) => a.pattern < b.pattern ? -1 : 1)
  const asJson = Answer.json(documentOf(settings, described))
  const asPage = pageOf(settings, described)
  return own
}
