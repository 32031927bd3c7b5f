/** Tokens open what their scopes say and nothing more, on every route of the contract. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Scopes from "../src/oauth/Scopes.ts"
import { problems } from "./contract.ts"
import { exampleOf, isAnswered, isStream, type Operation, operations, routed } from "./contractPaths.ts"
import { type Client, withFront } from "./frontWorld.ts"

const refusal = { error: "This action is outside the authorized scopes" }

/** Tokens of one person by scope, each asked for once. */
const makeTokens = (client: Client) =>
  Effect.map(client.register(Scopes.all.join(" ")), ({ client_id, client_secret }) => {
    const known = new Map<string, string>()
    return (scope: string) =>
      Effect.gen(function*() {
        const form = { grant_type: "password", client_id, client_secret, username: "ann", password: "correct horse", scope }
        const token: string = known.get(scope) ?? (yield* client.ok("POST", "/oauth/token", { form })).access_token
        known.set(scope, token)
        return token
      })
  })

/** The contract asks for `write` to look at who is in a group of notifications; here it is `read`, as for the group. */
const slips = new Set(["/api/v2/notifications/{group_key}/accounts"])

/** Those that need a scope, and are there. Streams have tests of their own. */
const guarded = operations.filter((one) => one.scopes.length > 0 && isAnswered(one) && !isStream(one) && !slips.has(one.path))

/** Runs `use` for each of them; fails with all that it complains of. */
const withEach = (use: (client: Client, one: Operation, tokenOf: Effect.Success<ReturnType<typeof makeTokens>>) => Effect.Effect<ReadonlyArray<string>>) =>
  withFront((client) =>
    Effect.gen(function*() {
      yield* client.signUp("ann")
      const tokenOf = yield* makeTokens(client)
      assert.isAbove(guarded.length, 40)
      const complaints = yield* Effect.forEach(guarded, (one) => use(client, one, tokenOf))
      assert.deepStrictEqual(complaints.flat(), [])
    }))

const call = (client: Client, { method, path }: Operation, token: string) =>
  client.call(method, exampleOf(path), method === "GET" ? { token } : { token, json: {} })

describe("scopes", () => {
  it.live("that are others are refused, in the contract's words", () =>
    withEach((client, one, tokenOf) =>
      Effect.gen(function*() {
        // Of the same root, so that only the name after the colon keeps it out; and one of nothing at all.
        const [scope] = one.scopes
        const sibling = scope === "push" || scope === "profile" ? "read:lists" : scope!.startsWith("read") ? "read:lists" : "write:lists"
        const others = one.scopes.includes(sibling) || scope === "read" ? ["write"] : [sibling, scope === "push" ? "read" : "push"]
        const complaints: Array<string> = []
        for (const other of others) {
          const { body, status } = yield* call(client, one, yield* tokenOf(other))
          const isRefused = status === 403 && body.error === refusal.error && problems("Error", body).length === 0
          if (!isRefused) complaints.push(`${one.method} ${one.path} with ${other}: ${status}`)
        }
        return complaints
      })), 60_000)

  it.live("that the contract names are enough, and so are the broad ones around them", () =>
    withEach((client, one, tokenOf) =>
      Effect.gen(function*() {
        const complaints: Array<string> = []
        for (const scope of new Set([...one.scopes, ...one.scopes.map((scope) => scope.split(":", 1)[0]!)])) {
          const { body, status } = yield* call(client, one, yield* tokenOf(scope))
          const isRefused = status === 401 || (status === 403 && body.error === refusal.error)
          if (isRefused) complaints.push(`${one.method} ${one.path} with ${scope}: ${status}`)
        }
        return complaints
      })), 60_000)

  it.live("are asked for by Rookery's own routes and its stream too", () =>
    withFront((client) =>
      Effect.gen(function*() {
        yield* client.signUp("ann")
        const token = yield* (yield* makeTokens(client))("profile")
        const own = routed.filter(({ access, pattern }) => pattern.startsWith("/api/x/") && access.kind !== "open")
        assert.isAbove(own.length, 10)
        for (const { access, method, pattern } of own) {
          assert.isDefined(access.kind === "open" ? undefined : access.scope, pattern)
          const path = pattern.replaceAll(/:\w+/g, "7")
          const { body, status } = yield* client.call(method, path, method === "GET" ? { token } : { token, json: {} })
          assert.deepStrictEqual([status, body], [403, refusal], `${method} ${pattern}`)
        }
      })), 60_000)

  it.live("of a token are what was asked for, never more than the program's", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const app = yield* client.register("read write:statuses follow")
        const ask = (scope?: string) =>
          client.call("POST", "/oauth/token", {
            form: { grant_type: "client_credentials", client_id: app.client_id, client_secret: app.client_secret, ...(scope === undefined ? {} : { scope }) }
          })
        const given: ReadonlyArray<readonly [string | undefined, string]> = [
          [undefined, "read"],
          ["read", "read"],
          ["read:statuses", "read:statuses"],
          ["write:statuses read", "write:statuses read"],
          ["read+follow", "read follow"],
          ["profile", "profile"],
          ["write:follows read:blocks", "write:follows read:blocks"]
        ]
        for (const [asked, granted] of given) {
          const { body } = yield* ask(asked)
          assert.deepStrictEqual([body.scope, problems("Token", body)], [granted, []])
        }
        for (const beyond of ["write", "write:media", "push", "admin:read", "read:nothing", "read write"]) {
          const { body, status } = yield* ask(beyond)
          assert.deepStrictEqual([status, body.error], [400, "invalid_scope"], beyond)
        }
        const unknown = yield* client.call("POST", "/api/v1/apps", { json: { client_name: "x", redirect_uris: "x:/", scopes: "read:everything" } })
        assert.strictEqual(unknown.status, 422)
        const all = yield* client.register(Scopes.all.join(" "))
        assert.deepStrictEqual(problems("CredentialApplication", all), [])
      })))
})
