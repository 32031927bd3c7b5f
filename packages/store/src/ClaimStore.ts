/**
 * Usernames in a world of several datacenters: reserve where the name is decided, create at home, confirm. No clock
 * decides who has a name: a reservation that has run out is only a reason to ask the home, which then either has the
 * account or gives it up for good.
 */
import type { AccountId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { AccountRow, NewAccount, Taken } from "./AccountStore.ts"
import type { StoreError } from "./StoreError.ts"

/** `key` is the name in the form in which names are compared, `home` the number of the account's datacenter. */
export interface Claim {
  readonly key: string
  readonly account: AccountId
  readonly home: number
}

/**
 * `Taken`: another has it, or is getting it. `Overdue`: another reserved it and should have confirmed by now, or held it and
 * is not known here: ask the home of that one, then `confirm` or `release`.
 */
export type Reservation = { readonly _tag: "Reserved" } | { readonly _tag: "Taken" } | { readonly _tag: "Overdue"; readonly by: Claim }

export class ClaimStore extends Context.Service<ClaimStore, {
  /** Where the name is decided: reserves it, for `millis` until somebody may ask after it. A repeat is reserved again. */
  readonly reserve: (claim: Claim, millis: number) => Effect.Effect<Reservation, StoreError>
  /** The account exists: it holds the name from now on. */
  readonly confirm: (claim: Claim) => Effect.Effect<void, StoreError>
  /** Frees the name, if this account has it, reserved or held. */
  readonly release: (claim: Claim) => Effect.Effect<void, StoreError>
  /** At home: notes that the account will be created; answers the name's key. */
  readonly begin: (account: AccountId, username: string) => Effect.Effect<string, StoreError>
  /** At home: creates an account that was begun; `Abandoned` when it was given up meanwhile. */
  readonly create: (account: NewAccount) => Effect.Effect<AccountRow | Taken | "Abandoned", StoreError>
  /** At home: whether the account exists under this name. If not, it has been given up, and never will. */
  readonly existsOrNever: (account: AccountId, key: string) => Effect.Effect<boolean, StoreError>
}>()("rookery/store/ClaimStore") {}
