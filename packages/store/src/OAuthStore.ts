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

export class OAuthStore extends Context.Service<OAuthStore, {
  readonly createApp: (app: Omit<OAuthApp, "id">) => Effect.Effect<OAuthApp, StoreError>
  readonly appByClientId: (clientId: string) => Effect.Effect<OAuthApp | undefined, StoreError>
  readonly appById: (id: bigint) => Effect.Effect<OAuthApp | undefined, StoreError>
  readonly createToken: (token: OAuthToken) => Effect.Effect<void, StoreError>
  /** The token, unless it was revoked or its account is disabled or gone. */
  readonly token: (tokenHash: string) => Effect.Effect<OAuthToken | undefined, StoreError>
  readonly revoke: (tokenHash: string) => Effect.Effect<boolean, StoreError>
}>()("rookery/store/OAuthStore") {}
