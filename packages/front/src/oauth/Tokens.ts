/**
 * Who a token belongs to, remembered for a short while. Revocation and suspension take effect by the bus at once,
 * and by the age bound at the latest.
 */
import type { AccountRow, AccountStore } from "@rookery/store/AccountStore"
import type { OAuthStore, OAuthToken } from "@rookery/store/OAuthStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Identity } from "./Identity.ts"
import * as Secrets from "./Secrets.ts"

interface Cached {
  readonly identity: Identity
  /** By `performance.now()`. */
  readonly until: number
}

export interface Tokens {
  /** The identity, if it is known here and now. */
  readonly peek: (token: string) => Identity | undefined
  readonly resolve: (token: string) => Effect.Effect<Identity | undefined, StoreError>
  /** The same for whoever kept the hash only. */
  readonly resolveHash: (tokenHash: string) => Effect.Effect<Identity | undefined, StoreError>
  readonly dropToken: (tokenHash: string) => void
  readonly dropAccount: (account: bigint) => void
  readonly clear: () => void
}

export const make = (
  stores: { readonly oauth: OAuthStore["Service"]; readonly accounts: AccountStore["Service"] },
  entriesMax: number,
  millis: number
): Tokens => {
  const cached = new Map<string, Cached>()
  /** Rises with every drop: what was read before one is not remembered. */
  let drops = 0

  const remember = (identity: Identity): void => {
    if (cached.size >= entriesMax) cached.delete(cached.keys().next().value!)
    cached.set(identity.tokenHash, { identity, until: performance.now() + millis })
  }
  const known = (tokenHash: string): Identity | undefined => {
    const entry = cached.get(tokenHash)
    if (entry === undefined) return undefined
    if (entry.until > performance.now()) return entry.identity
    cached.delete(tokenHash)
    return undefined
  }
  const load = (tokenHash: string) =>
    Effect.gen(function*() {
      const before = drops
      const token = yield* stores.oauth.token(tokenHash)
      if (token === undefined) return undefined
      const rows = token.account === null ? [] : yield* stores.accounts.byIds([token.account])
      const identity = identityOf(token, rows[0])
      if (identity !== undefined && before === drops) remember(identity)
      return identity
    })

  const resolveHash = (tokenHash: string) =>
    Effect.suspend(() => {
      const identity = known(tokenHash)
      return identity === undefined ? load(tokenHash) : Effect.succeed(identity)
    })

  return {
    peek: (token) => known(Secrets.digest(token)),
    resolve: (token) => resolveHash(Secrets.digest(token)),
    resolveHash,
    dropToken: (tokenHash) => {
      drops++
      cached.delete(tokenHash)
    },
    dropAccount: (account) => {
      drops++
      for (const [key, { identity }] of cached) if (identity.account?.id === account) cached.delete(key)
    },
    clear: () => {
      drops++
      cached.clear()
    }
  }
}

const identityOf = (token: OAuthToken, row: AccountRow | undefined): Identity | undefined => {
  if (token.account !== null && row === undefined) return undefined
  return {
    tokenHash: token.tokenHash,
    appId: token.appId,
    scopes: new Set(token.scopes.split(" ")),
    account: row === undefined ? undefined : { id: row.id, no: row.no, shard: row.shard },
    suspended: row !== undefined && row.disabledAt !== null
  }
}
