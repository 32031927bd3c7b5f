/** The caller's own account: read, changed, and what its owner prefers. */
import type { AccountRow } from "@rookery/store/AccountStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { unauthorized } from "../http/Errors.ts"
import { personal, type Route } from "../http/Route.ts"
import * as Invalidations from "../Invalidations.ts"
import * as Account from "../render/Account.ts"
import * as ProfileInput from "./profileInput.ts"
import { accountNow } from "./shared.ts"

type Render = (row: AccountRow) => Effect.Effect<unknown, StoreError>

const read = (deps: Deps, path: string, scope: string, render: Render) =>
  personal("GET", path, scope, (_, me) => Effect.map(Effect.flatMap(accountNow(deps, me.id), render), (answer) => Answer.json(answer)))

const update = (deps: Deps, path: string, render: Render) => personal("PATCH", path, "write:accounts", (request, me) =>
  Effect.gen(function*() {
    const change = yield* ProfileInput.changeOf(yield* ProfileInput.decode(request.fields))
    const row = yield* deps.accounts.update(me.id, change)
    if (row === undefined) return yield* Effect.fail(unauthorized())
    deps.hydration.dropAccountNo(me.no)
    yield* Invalidations.announce(deps, { _tag: "AccountChanged", accountIds: [String(me.id)] })
    return Answer.json(yield* render(row))
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const credentials: Render = (row) =>
    Effect.map(deps.relations.requestCount(row.id), (requests) => Account.credentials(row, deps.settings.publicUrl, requests))
  const profile: Render = (row) => Effect.succeed(Account.profile(row))
  return [
    read(deps, "/api/v1/accounts/verify_credentials", "profile", credentials),
    update(deps, "/api/v1/accounts/update_credentials", credentials),
    read(deps, "/api/v1/profile", "profile", profile),
    update(deps, "/api/v1/profile", profile),
    read(deps, "/api/v1/preferences", "read:accounts", (row) => Effect.succeed(Account.preferences(row)))
  ]
}
