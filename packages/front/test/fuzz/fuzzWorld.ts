/** People, a program and an administrator with tokens good and bad, and something of everything, for requests to name. */
import { AccountId } from "@rookery/domain/Ids"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { AccountStore } from "@rookery/store/AccountStore"
import { IdSource } from "@rookery/store/IdSource"
import { OAuthStore } from "@rookery/store/OAuthStore"
import { Effect } from "effect"
import * as Scopes from "../../src/oauth/Scopes.ts"
import * as Secrets from "../../src/oauth/Secrets.ts"
import type { Client, Someone } from "../frontWorld.ts"
import type { Known } from "./Draft.ts"

const names = ["ann", "bob", "cid"]

const oddIds = ["0", "1", "7", "-1", "9223372036854775807", "9223372036854775808", "x"]

const scopes = Scopes.all.join(" ")

/** The token of an administrator, who does not come in by the door. */
const administrator = Effect.gen(function*() {
  const oauth = yield* OAuthStore
  const id = AccountId.make(yield* (yield* IdSource).mint)
  const shard = (yield* ShardDirectory.make).shardOf(String(id))
  yield* (yield* AccountStore).create({ id, shard, username: "boss", email: null, passwordHash: null, admin: true })
  const [token, createdAt] = [Secrets.mint(), Date.now()]
  const app = yield* oauth.createApp({ clientId: Secrets.mint(), secretHash: "", name: "admin", website: null, redirectUris: [], scopes })
  yield* oauth.createToken({ tokenHash: Secrets.digest(token), appId: app.id, account: id, scopes, createdAt })
  return token
})

/** Posts of every kind, likes, boosts, a request held back, a conversation; answers their ids. */
const things = (client: Client, [ann, bob, cid]: ReadonlyArray<Someone>) =>
  Effect.gen(function*() {
    const act = (by: Someone, path: string) => client.ok("POST", path, { token: by.token })
    yield* act(bob!, `/api/v1/accounts/${ann!.id}/follow`)
    const first = yield* client.post(ann!, "hello #walk")
    const others = yield* Effect.forEach(["public", "unlisted", "private", "direct"], (visibility) =>
      client.post(bob!, `@ann @cid ${visibility}`, { visibility, in_reply_to_id: first.id }))
    yield* act(cid!, `/api/v1/statuses/${first.id}/favourite`)
    const wrapper = yield* act(cid!, `/api/v1/statuses/${first.id}/reblog`)
    const notices = yield* client.ok("GET", "/api/v1/notifications", { token: ann!.token })
    const conversations = yield* client.ok("GET", "/api/v1/conversations", { token: ann!.token })
    return [first, ...others, wrapper, ...notices, ...conversations].map(({ id }: { id: string }) => id)
  })

export const make = (client: Client) =>
  Effect.gen(function*() {
    const people = yield* Effect.forEach(names, (name) => client.signUpWith(name, scopes))
    const { client_id: clientId, client_secret: clientSecret } = yield* client.register(scopes)
    const [program, narrow] = [yield* client.appToken(scopes), yield* client.appToken("read:lists")]
    const good = [...people.map(({ token }) => token), yield* administrator]
    const known: Known = {
      // Good ones are taken more often than others.
      tokens: [...good, ...good, ...good, program, narrow, "wrong", "\xe9", "x".repeat(300)],
      ids: [...people.map(({ id }) => id), ...(yield* things(client, people)), ...oddIds],
      names: [...names, "nobody"],
      clientId,
      clientSecret
    }
    return known
  })
