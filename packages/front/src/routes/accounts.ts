/** Accounts of others. */
import { AccountId } from "@rookery/domain/Ids"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { notFound } from "../http/Errors.ts"
import * as Edge from "../http/Edge.ts"
import * as Input from "../http/Input.ts"
import { optional, type Route, route } from "../http/Route.ts"
import * as Account from "../render/Account.ts"
import { anyAccount } from "./shared.ts"

const idsMax = 40

const decodeIds = Input.decoder(Schema.Struct({ id: Schema.optionalKey(Input.listOf(Input.Id, 1_000)) }))
const decodeLookup = Input.decoder(Schema.Struct({ acct: Schema.optionalKey(Input.Text) }))

/** `name`, `@name`, and either with our own host behind it; other hosts are not known here. */
export const localName = (acct: string, host: string): string | undefined => {
  const [name = "", domain, ...more] = acct.trim().replace(/^@/, "").split("@")
  if (name === "" || name.length > 64 || more.length > 0) return undefined
  return domain === undefined || domain.toLowerCase() === host ? name : undefined
}

const lookup = (deps: Deps) => {
  const host = new URL(deps.settings.publicUrl).host
  return route("GET", "/api/v1/accounts/lookup", optional("read:accounts"), (request) =>
    Effect.gen(function*() {
      const { acct = "" } = yield* decodeLookup(request.fields)
      const name = localName(acct, host)
      const row = name === undefined ? undefined : yield* deps.accounts.byUsername(name)
      if (row === undefined) return yield* Effect.fail(notFound())
      return Answer.json(Account.entity(row, deps.settings))
    }))
}

const many = (deps: Deps) => route("GET", "/api/v1/accounts", optional("read:accounts"), (request) =>
  Effect.gen(function*() {
    const { id } = yield* decodeIds(request.fields)
    const ids = Input.asList<bigint>(id).slice(0, idsMax).map((one) => AccountId.make(one))
    const byId = new Map((yield* deps.accounts.byIds(ids)).map((row) => [row.id, row]))
    return Answer.json(ids.flatMap((one) => {
      const row = byId.get(one)
      return row === undefined ? [] : [Account.entity(row, deps.settings)]
    }))
  }))

const one = (deps: Deps) => route("GET", "/api/v1/accounts/:id", optional("read:accounts"), (request) =>
  Effect.gen(function*() {
    const id = yield* Input.accountId(request.params[0]!)
    const answer = Answer.json(Account.entity(yield* anyAccount(deps, id), deps.settings))
    return Edge.shared(request, deps.settings.limits, answer)
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [lookup(deps), many(deps), one(deps)]
