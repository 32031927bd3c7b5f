/**
 * What clients ask for and Rookery does not have: empty lists, so that they go on. Nothing is listed here of which
 * Rookery holds some: an empty answer is then the truth.
 */
import { Effect } from "effect"
import * as Answer from "../http/Answer.ts"
import { type Access, open, optional, person, type Route, route } from "../http/Route.ts"

const lists: ReadonlyArray<readonly [pattern: string, access: Access]> = [
  ["/api/v1/custom_emojis", open],
  ["/api/v1/announcements", optional()],
  ["/api/v1/filters", person("read:filters")],
  ["/api/v2/filters", person("read:filters")],
  ["/api/v1/lists", person("read:lists")],
  ["/api/v1/accounts/:id/lists", person("read:lists")],
  ["/api/v1/accounts/:id/featured_tags", optional()],
  ["/api/v1/accounts/:id/identity_proofs", optional()],
  ["/api/v1/domain_blocks", person("read:blocks")],
  ["/api/v1/featured_tags", person("read:accounts")],
  ["/api/v1/featured_tags/suggestions", person("read:accounts")],
  ["/api/v1/followed_tags", person("read:follows")],
  ["/api/v1/scheduled_statuses", person("read:statuses")],
  ["/api/v1/suggestions", person("read")],
  ["/api/v2/suggestions", person("read")],
  ["/api/v1/trends/links", open],
  // Articles get no timelines, since links get no previews.
  ["/api/v1/timelines/link", optional("read:statuses")],
  ["/api/v1/instance/rules", open],
  ["/api/v1/instance/peers", open],
  ["/api/v1/instance/activity", open],
  ["/api/v1/instance/domain_blocks", open]
]

const fixed: ReadonlyArray<readonly [pattern: string, access: Access, value: unknown]> = [
  // Nobody's year is summed up, in any year.
  ["/api/v1/annual_reports", person("read:accounts"), { annual_reports: [], accounts: [], statuses: [] }],
  ["/api/v1/annual_reports/:year/state", person("read:accounts"), { state: "ineligible" }],
  // From no language into none.
  ["/api/v1/instance/translation_languages", open, {}]
]

export const routes: ReadonlyArray<Route> = [
  ...lists.map(([pattern, access]) => route("GET", pattern, access, () => Effect.succeed(Answer.json([])))),
  ...fixed.map(([pattern, access, value]) => route("GET", pattern, access, () => Effect.succeed(Answer.json(value))))
]
