/** Accounts as an operator sees them. */
import { AccountId } from "@rookery/domain/Ids"
import * as Claims from "@rookery/front/home/Claims"
import type { World } from "@rookery/front/home/World"
import * as Passwords from "@rookery/front/oauth/Passwords"
import * as Secrets from "@rookery/front/oauth/Secrets"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { type AccountRow, AccountStore, type NewAccount } from "@rookery/store/AccountStore"
import { ClaimStore } from "@rookery/store/ClaimStore"
import { IdSource } from "@rookery/store/IdSource"
import { ModerationStore } from "@rookery/store/ModerationStore"
import { OAuthStore } from "@rookery/store/OAuthStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Clock, Effect, Option, Stream } from "effect"
import { AdminError } from "./AdminError.ts"

export interface NewPerson {
  readonly username: string
  readonly email: string
  readonly password: string
  readonly admin: boolean
}

const PASSWORD_MIN = 8
const PASSWORD_MAX = 128
const USERNAME = /^[A-Za-z0-9_]{1,30}$/
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

const check = (person: NewPerson): string | undefined => {
  if (!USERNAME.test(person.username)) return `"${person.username}" is no name: 1 to 30 letters, digits and _ are allowed`
  if (!EMAIL.test(person.email)) return `"${person.email}" is no e-mail address`
  const length = [...person.password].length
  if (length < PASSWORD_MIN || length > PASSWORD_MAX) {
    return `the password has ${length} characters; ${PASSWORD_MIN} to ${PASSWORD_MAX} are allowed`
  }
  return undefined
}

/** Where there are several datacenters, the name is claimed at the one that decides about it. */
const make = Effect.fnUntraced(function*(account: NewAccount, world: World | undefined) {
  if (world === undefined) return yield* (yield* AccountStore).create(account)
  return yield* Claims.create({ claims: yield* ClaimStore, world }, account).pipe(
    Effect.catchTag("Unanswered", ({ datacenter }) =>
      new AdminError({ message: `the datacenter ${datacenter}, which gives out this name, cannot be reached` }))
  )
})

/** Creates an account that can log in at once. `world` is there when there are several datacenters. */
export const create = Effect.fnUntraced(function*(person: NewPerson, world: World | undefined) {
  const problem = check(person)
  if (problem !== undefined) return yield* new AdminError({ message: problem })
  const directory = yield* ShardDirectory.make
  const passwordHash = yield* Passwords.hashPassword(person.password)
  const id = AccountId.make(yield* (yield* IdSource).mint)
  const { admin, email, username } = person
  const made = yield* make({ id, shard: directory.shardOf(`${id}`), username, email, passwordHash, admin }, world)
  if (typeof made === "string") {
    return yield* new AdminError({ message: `the ${made === "email" ? "e-mail address" : "name"} is taken` })
  }
  return made
})

export const find = Effect.fnUntraced(function*(username: string) {
  const account = yield* (yield* AccountStore).byUsername(username.replace(/^@/, ""))
  return account ?? (yield* new AdminError({ message: `there is no account ${username}` }))
})

const APP = "rookery-cli"
const SCOPES = "read write follow push profile"
const ADMIN_SCOPES = "admin:read admin:write"

/** A new access token for the account; the tokens it has stay valid. `home` stands before it where there are several datacenters. */
export const token = Effect.fnUntraced(function*(username: string, home: number | undefined) {
  const account = yield* find(username)
  if (account.remote) return yield* new AdminError({ message: `the home of ${username} is another datacenter: ask for the token there` })
  if (account.disabledAt !== null) return yield* new AdminError({ message: `${username} is suspended` })
  const oauth = yield* OAuthStore
  const app = (yield* oauth.appByClientId(APP)) ?? (yield* oauth.createApp({
    clientId: APP,
    // Nobody is told the secret: this program is no client that logs in.
    secretHash: Secrets.digest(Secrets.mint()),
    name: "Rookery CLI",
    website: null,
    redirectUris: [],
    scopes: SCOPES
  }))
  const secret = Secrets.mint(home)
  yield* oauth.createToken({
    tokenHash: Secrets.digest(secret),
    appId: app.id,
    account: account.id,
    scopes: account.admin ? `${SCOPES} ${ADMIN_SCOPES}` : SCOPES,
    createdAt: yield* Clock.currentTimeMillis
  })
  return secret
})

const PAGE = 1000

/** All accounts by id, page by page. */
export const list: Stream.Stream<AccountRow, StoreError, AccountStore> = Stream.unwrap(
  Effect.map(AccountStore, (accounts) =>
    Stream.paginate(undefined as AccountId | undefined, (after) =>
      Effect.map(accounts.list(after, PAGE), (rows) =>
        [rows, rows.length === PAGE ? Option.some(rows.at(-1)!.id) : Option.none()] as const)))
)

/** Answers whether that changed anything, too. */
export const setSuspended = Effect.fnUntraced(function*(username: string, suspended: boolean, reason: string) {
  const account = yield* find(username)
  const result = yield* (yield* ModerationStore).setSuspended(account.id, suspended, { by: null, reason })
  return { account, changed: result === "Changed" }
})

export const remove = Effect.fnUntraced(function*(username: string) {
  const account = yield* find(username)
  if (account.remote) return yield* new AdminError({ message: `the home of ${username} is another datacenter: delete it there` })
  yield* (yield* AccountStore).remove(account.id)
  return account
})
