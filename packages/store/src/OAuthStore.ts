/** Registered client programs and the tokens given to them. Secrets come hashed. */
import type { AccountId } from "@rookery/domain/Ids"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

export interface OAuthApp {
  readonly id: bigint
  readonly clientId: string
  readonly secretHash: string
  readonly name: string
  readonly website: string | null
  readonly redirectUris: ReadonlyArray<string>
  readonly scopes: string
}

export interface OAuthToken {
  /** SHA-256 of the token, hex. */
  readonly tokenHash: string
  readonly appId: bigint
  /** Null for a token of the program itself. */
  readonly account: AccountId | null
  readonly scopes: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** A person's permission, on its way to the program. */
export interface OAuthCode {
  /** SHA-256 of the code, hex. */
  readonly codeHash: string
  readonly appId: bigint
  readonly account: AccountId
  readonly redirectUri: string
  /** PKCE's challenge (S256, base64url); null when the program sent none. */
  readonly challenge: string | null
  readonly scopes: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** A code that a program brings, and the token that it shall get. */
export interface Redemption {
  readonly codeHash: string
  readonly appId: bigint
  readonly redirectUri: string
  /** What PKCE's verifier comes to; null when the program sent none. */
  readonly challenge: string | null
  readonly tokenHash: string
  readonly createdAt: number
}

/** `Reused`: the code had been used before; the tokens that were given for it are revoked now. */
export type Redeemed =
  | { readonly _tag: "Granted"; readonly account: AccountId; readonly scopes: string }
  | { readonly _tag: "Reused"; readonly revoked: ReadonlyArray<string> }
  | { readonly _tag: "Refused" }

export class OAuthStore extends Context.Service<OAuthStore, {
  readonly createApp: (app: Omit<OAuthApp, "id">) => Effect.Effect<OAuthApp, StoreError>
  /** Keeps a program that was registered in another datacenter; nothing changes when it is known. */
  readonly keepApp: (app: Omit<OAuthApp, "id">) => Effect.Effect<void, StoreError>
  readonly appByClientId: (clientId: string) => Effect.Effect<OAuthApp | undefined, StoreError>
  readonly appById: (id: bigint) => Effect.Effect<OAuthApp | undefined, StoreError>
  readonly createToken: (token: OAuthToken) => Effect.Effect<void, StoreError>
  /** The token, unless it was revoked or its account is gone; also that of a suspended one. */
  readonly token: (tokenHash: string) => Effect.Effect<OAuthToken | undefined, StoreError>
  /** Those of many that stand, in any order. At most 1,000. */
  readonly tokens: (tokenHashes: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<OAuthToken>, StoreError>
  readonly revoke: (tokenHash: string) => Effect.Effect<boolean, StoreError>
  readonly createCode: (code: OAuthCode) => Effect.Effect<void, StoreError>
  /** Uses the code up and creates the token, or neither. Refused when anything differs from what the code is bound to. */
  readonly redeem: (redemption: Redemption) => Effect.Effect<Redeemed, StoreError>
  /** Remembers that a browser is logged in, until `expiresAt` (milliseconds since 1970). */
  readonly createLogin: (loginHash: string, account: AccountId, expiresAt: number) => Effect.Effect<void, StoreError>
  /** Who is logged in; nobody when it has expired or the account is suspended. */
  readonly login: (loginHash: string) => Effect.Effect<AccountId | undefined, StoreError>
  readonly endLogin: (loginHash: string) => Effect.Effect<void, StoreError>
}>()("rookery/store/OAuthStore") {}
