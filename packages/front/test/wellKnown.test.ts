/** What is asked of a server before anything else, and by web pages of any origin. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { withFront } from "./frontWorld.ts"

describe("a server's well-known addresses", () => {
  it.live("finds people by webfinger, in every spelling", () =>
    withFront((client) =>
      Effect.gen(function*() {
        yield* client.signUp("Ann")
        const find = (resource: string) => client.call("GET", `/.well-known/webfinger?${new URLSearchParams({ resource }).toString()}`)
        for (const resource of ["acct:ann@rookery.example", "ANN@ROOKERY.example", "https://rookery.example/@ann", "https://rookery.example/users/Ann"]) {
          const { body, headers } = yield* find(resource)
          assert.strictEqual(headers.get("content-type"), "application/jrd+json; charset=utf-8")
          assert.strictEqual(headers.get("access-control-allow-origin"), "*")
          assert.deepStrictEqual([body.subject, body.links[0].href], ["acct:Ann@rookery.example", "https://rookery.example/@Ann"])
        }
        for (const resource of ["acct:bob@rookery.example", "acct:ann@elsewhere.example", "https://rookery.example.org/@ann", "nonsense"]) {
          assert.strictEqual((yield* find(resource)).status, 404, resource)
        }
        assert.strictEqual((yield* client.call("GET", "/.well-known/webfinger")).status, 400)
        const meta = yield* client.call("GET", "/.well-known/host-meta")
        assert.include(meta.text, "template=\"https://rookery.example/.well-known/webfinger?resource={uri}\"")
        assert.strictEqual((yield* client.ok("GET", "/.well-known/host-meta.json")).links[0].rel, "lrdd")
      })))

  it.live("describes its OAuth, and only what it offers", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const found = yield* client.ok("GET", "/.well-known/oauth-authorization-server")
        assert.deepStrictEqual(problems("DiscoverOauthServerConfigurationResponse", found), [])
        assert.deepStrictEqual(found.grant_types_supported, ["authorization_code", "client_credentials"])
        const app = yield* client.register()
        const form = { grant_type: "password", client_id: app.client_id, client_secret: app.client_secret, username: "a", password: "b" }
        const refused = yield* client.call("POST", "/oauth/token", { form })
        assert.deepStrictEqual([refused.status, refused.body.error], [400, "unsupported_grant_type"])
        const { headers } = yield* client.call("GET", "/nodeinfo/2.0")
        assert.include(headers.get("content-type"), "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"")
      }), { settings: { passwordGrant: false } }))

  it.live("tells who a token belongs to, in the words of OpenID Connect", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { token } = yield* client.signUp("ann")
        for (const method of ["GET", "POST"]) {
          const claims = yield* client.ok(method, "/oauth/userinfo", { token })
          assert.deepInclude(claims, { iss: "https://rookery.example/", sub: "https://rookery.example/users/ann", preferred_username: "ann" })
        }
        assert.strictEqual((yield* client.call("GET", "/oauth/userinfo")).status, 401)
      })))

  it.live("lets web pages of any origin in", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const asked = yield* client.call("OPTIONS", "/api/v1/statuses", { headers: { origin: "https://web.example", "access-control-request-method": "POST" } })
        assert.strictEqual(asked.status, 204)
        for (const name of ["authorization", "content-type", "idempotency-key"]) {
          assert.include(asked.headers.get("access-control-allow-headers")!.toLowerCase(), name)
        }
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) assert.include(asked.headers.get("access-control-allow-methods"), method)
        const failed = yield* client.call("GET", "/api/v1/timelines/home")
        assert.deepStrictEqual([failed.status, failed.headers.get("access-control-allow-origin")], [401, "*"])
        for (const name of ["Link", "ETag", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]) {
          assert.include(failed.headers.get("access-control-expose-headers"), name)
        }
      })))
})
