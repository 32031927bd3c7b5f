/** Those who moderate, for tests. */
import { AccountId } from "@rookery/domain/Ids"
import { OAuthStore } from "@rookery/store/OAuthStore"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Secrets from "../src/oauth/Secrets.ts"
import type { Client, Someone } from "./frontWorld.ts"

/** A token of the person's with whatever scopes. */
export const tokenFor = (person: Someone, scopes: string) =>
  Effect.gen(function*() {
    const oauth = yield* OAuthStore
    const clientId = Secrets.mint()
    const app = yield* oauth.createApp({ clientId, secretHash: "", name: "a test", website: null, redirectUris: [], scopes })
    const token = Secrets.mint()
    const account = AccountId.make(BigInt(person.id))
    yield* oauth.createToken({ tokenHash: Secrets.digest(token), appId: app.id, account, scopes, createdAt: Date.now() })
    return token
  })

/** An admin with a token for everything. */
export const make = (client: Client, username = "mona") =>
  Effect.gen(function*() {
    const person: Someone = yield* client.signUp(username)
    yield* (yield* SqlClient.SqlClient)`UPDATE accounts SET admin = true WHERE id = ${BigInt(person.id)}`
    const token = yield* tokenFor(person, "read write follow admin:read admin:write")
    const set = (verb: string) => (other: Someone) =>
      client.ok("POST", `/api/x/admin/accounts/${other.id}/${verb}`, { token, json: { reason: "a test" } })
    return { id: person.id, token, suspend: set("suspend"), unsuspend: set("unsuspend") }
  })

export type Moderator = Effect.Success<ReturnType<typeof make>>
