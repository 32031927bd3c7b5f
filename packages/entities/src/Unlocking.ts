/** Accepts whoever waits for an answer once the account that they asked is locked no more. */
import type { AccountId } from "@rookery/domain/Ids"
import type { NotFound, Refused, Unavailable } from "@rookery/protocol/Errors"
import type { AccountStore } from "@rookery/store/AccountStore"
import type { RelationStore } from "@rookery/store/RelationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"

/** Requests read at once. */
const pageMax = 100

export interface UnlockingDeps {
  readonly accounts: AccountStore["Service"]
  readonly relations: RelationStore["Service"]
  readonly accept: (follower: AccountId) => Effect.Effect<void, NotFound | Refused | Unavailable>
}

/**
 * From the newest request on, until none is left or the account is locked again. Requests that were answered meanwhile, and
 * those of people who follow as many as they may, are passed over; what cannot be written fails the whole, for another try.
 */
export const acceptWaiting = (
  account: AccountId,
  { accept, accounts, relations }: UnlockingDeps,
  before?: bigint
): Effect.Effect<void, StoreError | Unavailable> =>
  Effect.gen(function*() {
    const [row] = yield* accounts.byIds([account])
    if (row === undefined || row.locked) return
    const page = yield* relations.list("follow_requests", account, { before, after: undefined, limit: pageMax })
    for (const { id } of page.accounts) yield* Effect.catchTag(accept(id), ["NotFound", "Refused"], () => Effect.void)
    const last = page.accounts[pageMax - 1]
    if (last !== undefined) yield* acceptWaiting(account, { accept, accounts, relations }, last.cursor)
  })
