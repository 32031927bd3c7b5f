/** Who a name and a password belong to. Wrong guesses are counted by account and by address, and end in 429. */
import type { AccountId } from "@rookery/domain/Ids"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import { networkOf } from "../http/ClientAddress.ts"
import { type ApiError, tooMany } from "../http/Errors.ts"
import type { Exceeded } from "./Attempts.ts"
import * as Passwords from "./Passwords.ts"
import * as Secrets from "./Secrets.ts"

const loginMax = 320
const passwordMax = 1_024

export interface Login {
  /** Where the request came from. */
  readonly address: string
  /** A username or an e-mail address. */
  readonly name: string
  readonly password: string
}

type LogInDeps = Pick<Deps, "accounts" | "attempts" | "hashGate" | "settings">

const refuse = ({ limit, resetAt }: Exceeded): ApiError => tooMany(limit, resetAt)

/** The account; undefined when the name or the password is wrong or the account is disabled. */
export const logIn = (deps: LogInDeps, login: Login): Effect.Effect<AccountId | undefined, ApiError | StoreError> =>
  Effect.gen(function*() {
    const { accounts, attempts, hashGate, settings: { limits } } = deps
    const { name, password } = login
    if (name === "" || name.length > loginMax || password.length > passwordMax) return undefined
    const byAddress = `address ${networkOf(login.address)}`
    const tooManyHere = attempts.take(byAddress, limits.loginFailuresPerAddress)
    if (tooManyHere !== undefined) return yield* Effect.fail(refuse(tooManyHere))
    const found = yield* accounts.credentials(name)
    // By account, so that its name and its address share one count; the unknown must not show by having none.
    const byAccount = `account ${found?.id ?? Secrets.digest(name.trim().normalize("NFKC").toLowerCase())}`
    const tooManyFor = attempts.take(byAccount, limits.loginFailuresPerAccount)
    if (tooManyFor !== undefined) return yield* Effect.fail(refuse(tooManyFor))
    const hash = found?.passwordHash ?? undefined
    const check = hash === undefined ? Passwords.pretendVerify(password) : Passwords.verifyPassword(password, hash)
    const isRight = yield* Effect.tapError(hashGate(check), () =>
      // Too busy to look: nothing was guessed.
      Effect.sync(() => {
        attempts.giveBack(byAddress)
        attempts.giveBack(byAccount)
      }))
    if (!isRight || found === undefined || found.disabledAt !== null) return undefined
    attempts.giveBack(byAddress)
    attempts.forget(byAccount)
    return found.id
  })
