/** The caller's own account: read, changed, and what its owner prefers. */
import type { AccountRow } from "@rookery/store/AccountStore"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { unauthorized } from "../http/Errors.ts"
import { personal, type Route } from "../http/Route.ts"
import * as Invalidations from "../Invalidations.ts"
import * as Account from "../render/Account.ts"
import * as ProfileInput from "./profileInput.ts"
import { accountNow } from "./shared.ts"

type Render = (row: AccountRow) => unknown

const read = (deps: Deps, path: string, scope: string, render: Render) =>
  personal("GET", path, scope, (_, me) => Effect.map(accountNow(deps, me.id), (row) => Answer.json(render(row))))

const update = (deps: Deps, path: string, render: Render) => personal("PATCH", path, "write:accounts", (request, me) =>
  Effect.gen(function*() {
    const change = yield* ProfileInput.changeOf(yield* ProfileInput.decode(request.fields))
    const row = yield* deps.accounts.update(me.id, change)
    if (row === undefined) return yield* Effect.fail(unauthorized())
    deps.hydration.dropAccountNo(me.no)
    yield* Invalidations.announce(deps, { _tag: "AccountChanged", accountIds: [String(me.id)] })
    return Answer.json(render(row))
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const credentials = (row: AccountRow) => Account.credentials(row, deps.settings.publicUrl)
  return [
    read(deps, "/api/v1/accounts/verify_credentials", "profile", credentials),
    update(deps, "/api/v1/accounts/update_credentials", credentials),
    read(deps, "/api/v1/profile", "profile", Account.profile),
    update(deps, "/api/v1/profile", Account.profile),
    read(deps, "/api/v1/preferences", "read:accounts", Account.preferences)
  ]
}
