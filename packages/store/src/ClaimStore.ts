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

/** Many at once, each name and account once, 10,000 at most; answers are in their order. */
export class ClaimStore extends Context.Service<ClaimStore, {
  /** Where the names are decided: reserves them, for `millis` until somebody may ask after them. A repeat is reserved again. */
  readonly reserve: (claims: ReadonlyArray<Claim>, millis: number) => Effect.Effect<ReadonlyArray<Reservation>, StoreError>
  /** The accounts exist: they hold the names from now on. */
  readonly confirm: (claims: ReadonlyArray<Claim>) => Effect.Effect<void, StoreError>
  /** Frees those of the names that these accounts have, reserved or held. */
  readonly release: (claims: ReadonlyArray<Claim>) => Effect.Effect<void, StoreError>
  /** At home: notes that the accounts will be created; answers the names' keys. */
  readonly begin: (accounts: ReadonlyArray<Pick<NewAccount, "id" | "username">>) => Effect.Effect<ReadonlyArray<string>, StoreError>
  /** At home: creates an account that was begun; `Abandoned` when it was given up meanwhile. */
  readonly create: (account: NewAccount) => Effect.Effect<AccountRow | Taken | "Abandoned", StoreError>
  /** At home: whether the accounts exist under these names. Those that do not have been given up, and never will. */
  readonly existsOrNever: (claims: ReadonlyArray<Pick<Claim, "account" | "key">>) => Effect.Effect<ReadonlyArray<boolean>, StoreError>
}>()("rookery/store/ClaimStore") {}
