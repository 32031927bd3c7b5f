/**
 * Who a token belongs to, remembered for a short while. Revocation and suspension take effect by the bus at once,
 * and by the age bound at the latest.
 */
import type { AccountRow, AccountStore } from "@rookery/store/AccountStore"
import type { OAuthStore, OAuthToken } from "@rookery/store/OAuthStore"
import * as Coalescer from "@rookery/protocol/Coalescer"
import { StoreError } from "@rookery/store/StoreError"
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

interface Stores {
  readonly oauth: OAuthStore["Service"]
  readonly accounts: AccountStore["Service"]
}

/** Tokens in one query, and those that may wait for one: whatever becomes hot, it is people not seen lately who come. */
const tokensAtOnce = 256
const waitingMax = 16_384

/** Many tokens with their people, in the order of the hashes. */
const identities = ({ accounts, oauth }: Stores) => (_: "tokens", hashes: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const tokens = yield* oauth.tokens(hashes)
    const ids = new Set(tokens.flatMap(({ account }) => account ?? []))
    const rows = ids.size === 0 ? [] : yield* accounts.byIds([...ids])
    const people = new Map(rows.map((row) => [row.id, row]))
    const byHash = new Map(tokens.map((token) => [token.tokenHash, token]))
    return hashes.map((hash) => {
      const token = byHash.get(hash)
      return token && identityOf(token, token.account === null ? undefined : people.get(token.account))
    })
  })

const makeLoads = (stores: Stores) =>
  Coalescer.make<"tokens", string, Identity | undefined, StoreError>({
    inFlightMax: 2,
    batchMax: tokensAtOnce,
    waitingMax,
    gather: true,
    full: () => new StoreError({ operation: "tokens", cause: new Error("too many tokens wait") }),
    send: identities(stores)
  })

export const make = (stores: Stores, entriesMax: number, millis: number): Effect.Effect<Tokens> =>
  Effect.map(makeLoads(stores), (loads) => withCache(loads, entriesMax, millis))

const withCache = (loads: Effect.Success<ReturnType<typeof makeLoads>>, entriesMax: number, millis: number): Tokens => {
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
    Effect.suspend(() => {
      const before = drops
      return Effect.tap(loads.request("tokens", tokenHash), (identity) =>
        Effect.sync(() => {
          if (identity !== undefined && before === drops) remember(identity)
        }))
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
