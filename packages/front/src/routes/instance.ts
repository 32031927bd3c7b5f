/** The server's description of itself, and the pictures of those who have none. */
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { open, type Route, route } from "../http/Route.ts"
import * as Account from "../render/Account.ts"
import * as Instance from "../render/Instance.ts"

const nodeinfoType = "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"; charset=utf-8"

const picture = (body: string) =>
  Effect.succeed<Answer.Answer>({
    status: 200,
    body,
    type: "image/svg+xml",
    headers: ["content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"]
  })

const avatar = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 120\"><rect width=\"120\" height=\"120\" fill=\"#2b3a4a\"/>" +
  "<circle cx=\"60\" cy=\"48\" r=\"22\" fill=\"#8fa3b8\"/><path d=\"M18 120a42 40 0 0 1 84 0z\" fill=\"#8fa3b8\"/></svg>"

const header = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 200\"><rect width=\"600\" height=\"200\" fill=\"#2b3a4a\"/></svg>"

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const { settings, totals } = deps
  const told = (pattern: string, render: (totals: Instance.Totals) => unknown) =>
    route("GET", pattern, open, () => Effect.map(totals, (now) => Answer.json(render(now))))
  return [
    told("/api/v1/instance", (now) => Instance.v1(settings, now)),
    route("GET", "/api/v1/instance/extended_description", open, () =>
      Effect.succeed(Answer.json(Instance.extendedDescription(settings)))),
    told("/api/v2/instance", (now) => Instance.v2(settings, now)),
    route("GET", "/nodeinfo/2.0", open, () =>
      Effect.map(totals, (now) => Answer.text(JSON.stringify(Instance.nodeinfo(settings, now)), nodeinfoType))),
    route("GET", "/.well-known/nodeinfo", open, () =>
      Effect.succeed(Answer.json({
        links: [{ rel: "http://nodeinfo.diaspora.software/ns/schema/2.0", href: `${settings.publicUrl}/nodeinfo/2.0` }]
      }))),
    route("GET", Account.avatarPath, open, () => picture(avatar)),
    route("GET", Account.headerPath, open, () => picture(header))
  ]
}
