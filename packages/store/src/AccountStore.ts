/** Accounts as rows: who they are and how they prove it. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import type { Visibility } from "@rookery/domain/Post"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** A line of a profile: what and which. */
export interface ProfileField {
  readonly name: string
  readonly value: string
}

/** An account with its public counters. Times are milliseconds since 1970. */
export interface AccountRow {
  readonly id: AccountId
  readonly no: LocalNo
  readonly shard: number
  readonly username: string
  readonly displayName: string
  readonly note: string
  readonly locked: boolean
  readonly bot: boolean
  /** Whether the person wants to be found by those who do not look for them. */
  readonly discoverable: boolean
  readonly fields: ReadonlyArray<ProfileField>
  /** What the person's posts are unless they say otherwise. */
  readonly defaultPrivacy: Visibility
  readonly defaultSensitive: boolean
  readonly defaultLanguage: string | null
  /** Keys of objects (domain/Media.ts). */
  readonly avatar: string | null
  readonly header: string | null
  readonly admin: boolean
  /** Its home is another datacenter: this row is what that one last told, and nothing here changes it. */
  readonly remote: boolean
  /** Since when the account is suspended (ModerationStore.ts); null when it is not. */
  readonly disabledAt: number | null
  readonly followers: number
  readonly following: number
  readonly statuses: number
  readonly lastStatusAt: number | null
}

export interface NewAccount {
  readonly id: AccountId
  readonly shard: number
  readonly username: string
  readonly email: string | null
  /** PHC string; null for an account that nobody can log in to. */
  readonly passwordHash: string | null
  readonly admin: boolean
}

export interface Credentials {
  readonly id: AccountId
  readonly passwordHash: string | null
  readonly disabledAt: number | null
}

/** What a person may change of their account; what is left out stays. */
export type ProfileChange = Partial<
  Pick<
    AccountRow,
    | "displayName"
    | "note"
    | "locked"
    | "bot"
    | "discoverable"
    | "fields"
    | "defaultPrivacy"
    | "defaultSensitive"
    | "defaultLanguage"
  >
>

/** What was taken when an account could not be created. */
export type Taken = "username" | "email"

export class AccountStore extends Context.Service<AccountStore, {
  /** Creates the account with its author and reader rows; answers the row, or what is taken. */
  readonly create: (account: NewAccount) => Effect.Effect<AccountRow | Taken, StoreError>
  /** In any order; the unknown are left out. At most 1,000. */
  readonly byIds: (ids: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<AccountRow>, StoreError>
  readonly byNos: (nos: ReadonlyArray<LocalNo>) => Effect.Effect<ReadonlyArray<AccountRow>, StoreError>
  /** Case-folded, NFKC. */
  readonly byUsername: (username: string) => Effect.Effect<AccountRow | undefined, StoreError>
  /** By username or e-mail address. */
  readonly credentials: (login: string) => Effect.Effect<Credentials | undefined, StoreError>
  /** Undefined for an account of another datacenter too, here and below. */
  readonly update: (id: AccountId, change: ProfileChange) => Effect.Effect<AccountRow | undefined, StoreError>
  /** Deletes for good: the account's posts, edges, likes and tokens with it. False when there was none. */
  readonly remove: (id: AccountId) => Effect.Effect<boolean, StoreError>
  /** Ascending by id, after `after`; those whose home is here. */
  readonly list: (after: AccountId | undefined, limit: number) => Effect.Effect<ReadonlyArray<AccountRow>, StoreError>
  /** Of those whose home is here. */
  readonly totals: Effect.Effect<
    { readonly accounts: number; readonly posts: number; readonly activeMonth: number },
    StoreError
  >
}>()("rookery/store/AccountStore") {}
