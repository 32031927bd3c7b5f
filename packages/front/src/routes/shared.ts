/** Steps that several routes share. */
import type { AccountId } from "@rookery/domain/Ids"
import type { AccountRow } from "@rookery/store/AccountStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import type { Request } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "../read/Hydration.ts"
import * as Rules from "../read/Rules.ts"
import * as AccountRendering from "../render/Account.ts"

export const viewerOf = (request: Request): Account | undefined => request.identity?.account

/** The account as it stands now, be it suspended or not; 404 for the unknown. */
export const anyAccount = (deps: Deps, id: AccountId): Effect.Effect<AccountRow, ApiError | StoreError> =>
  Effect.flatMap(deps.accounts.byIds([id]), ([row]) => row === undefined ? Effect.fail(notFound()) : Effect.succeed(row))

/** The same; 404 for the suspended too. */
export const accountNow = (deps: Deps, id: AccountId): Effect.Effect<AccountRow, ApiError | StoreError> =>
  Effect.flatMap(anyAccount(deps, id), (row) => row.disabledAt === null ? Effect.succeed(row) : Effect.fail(notFound()))

/** Accounts in the order of `ids`, without the unknown, the suspended, and those whom the viewer is not shown in lists. */
export const accountList = (deps: Deps, ids: ReadonlyArray<AccountId>, viewer?: Account) =>
  ids.length === 0 ? Effect.succeed([]) : Effect.map(listedAmong(deps, ids, viewer), (rows) => {
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.flatMap((id) => {
      const row = byId.get(id)
      return row === undefined || row.disabledAt !== null ? [] : [AccountRendering.entity(row, deps.settings)]
    })
  })

const listedAmong = (deps: Deps, ids: ReadonlyArray<AccountId>, viewer: Account | undefined) =>
  Effect.flatMap(deps.accounts.byIds(ids), (rows) => Rules.listed(deps, viewer, rows))

/** The status of the path, if whoever asks may see it; what a wrapper wraps is meant. */
export const targetOf = (deps: Deps, request: Request): Effect.Effect<Hydrated, ApiError | StoreError> =>
  Effect.flatMap(Input.postId(request.params[0]!), (id) =>
    Effect.map(deps.reader.one(viewerOf(request), id), (item) => item.inner ?? item))

/** One status for its viewer. */
export const statusAnswer = (deps: Deps, viewer: Account | undefined, item: Hydrated) =>
  Effect.map(deps.reader.presentOne(viewer, item), (bytes) => Answer.bytes(bytes))

/** A status after what its viewer did to it; it is done, so where the status cannot be read again now, it is answered as it was. */
export const changedAnswer = (deps: Deps, viewer: Account, before: Hydrated) =>
  Effect.flatMap(deps.reader.visible(viewer, [before.rendered.id], "named"), ([item = before]) => statusAnswer(deps, viewer, item))

/** The absolute address of a route, for its `Link`s. */
export const addressOf = (deps: Deps, request: Request): string => deps.settings.publicUrl + request.path
