/** The caller's own account: read, changed, and what its owner prefers. */
import type { AccountRow } from "@rookery/store/AccountStore"
import type { ProfilePicture } from "@rookery/store/AttachmentStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { unauthorized } from "../http/Errors.ts"
import { personal, type Request, type Route, taking } from "../http/Route.ts"
import * as Invalidations from "../Invalidations.ts"
import type { Account as Person } from "../oauth/Identity.ts"
import * as Account from "../render/Account.ts"
import * as ProfileInput from "./profileInput.ts"
import { accountNow } from "./shared.ts"

type Render = (row: AccountRow) => Effect.Effect<unknown, StoreError>

const read = (deps: Deps, path: string, scope: string, render: Render) =>
  personal("GET", path, scope, (_, me) => Effect.map(Effect.flatMap(accountNow(deps, me.id), render), (answer) => Answer.json(answer)))

const pictures: ReadonlyArray<ProfilePicture> = ["avatar", "header"]

/** The files that were sent; an empty one, as forms send it where none was chosen, is none. */
const sentOf = (request: Request) =>
  pictures.flatMap((which) => {
    const file = request.files.get(which)
    return file === undefined || file.length === 0 ? [] : [{ which, file }]
  })

/** Says that the account is another now, and answers it as its owner sees it. */
const changed = (deps: Deps, me: Person, row: AccountRow, render: Render) =>
  Effect.gen(function*() {
    deps.hydration.dropAccountNo(me.no)
    yield* Invalidations.announce(deps, { _tag: "AccountChanged", accountIds: [String(me.id)] })
    return Answer.json(yield* render(row))
  })

const update = (deps: Deps, path: string, render: Render) =>
  taking(pictures, personal("PATCH", path, "write:accounts", (request, me) =>
    Effect.gen(function*() {
      const change = yield* ProfileInput.changeOf(yield* ProfileInput.decode(request.fields))
      for (const { file, which } of sentOf(request)) yield* deps.gallery.setPicture(me.id, which, file)
      const row = yield* deps.accounts.update(me.id, change)
      return row === undefined ? yield* Effect.fail(unauthorized()) : yield* changed(deps, me, row, render)
    })))

const removePicture = (deps: Deps, which: ProfilePicture, render: Render) =>
  personal("DELETE", `/api/v1/profile/${which}`, "write:accounts", (_, me) =>
    Effect.gen(function*() {
      yield* deps.attachments.setPicture(me.id, which, null)
      return yield* changed(deps, me, yield* accountNow(deps, me.id), render)
    }))

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const credentials: Render = (row) =>
    Effect.map(deps.relations.requestCount(row.id), (requests) => Account.credentials(row, deps.settings, requests))
  const profile: Render = (row) => Effect.succeed(Account.profile(row, deps.settings))
  return [
    read(deps, "/api/v1/accounts/verify_credentials", "profile", credentials),
    update(deps, "/api/v1/accounts/update_credentials", credentials),
    read(deps, "/api/v1/profile", "profile", profile),
    update(deps, "/api/v1/profile", profile),
    ...pictures.map((which) => removePicture(deps, which, credentials)),
    read(deps, "/api/v1/preferences", "read:accounts", (row) => Effect.succeed(Account.preferences(row)))
  ]
}
