/** Every answer is what the contract says, with all required keys. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { type Client, type Someone, withFront } from "./frontWorld.ts"

/** The schema asks for what cannot be in a list of one and the same kind: checks each. */
const valid = (entity: string, value: unknown, where: string): void => {
  for (const item of Array.isArray(value) ? value : [value]) assert.deepStrictEqual(problems(entity, item), [], where)
}

const check = (client: Client, entity: string, method: string, path: string, token?: string, json?: unknown) =>
  Effect.map(client.ok(method, path, { ...(token === undefined ? {} : { token }), ...(json === undefined ? {} : { json }) }), (body) => {
    valid(entity, body, `${method} ${path}`)
    return body
  })

const statuses = (client: Client, ann: Someone, bob: Someone) =>
  Effect.gen(function*() {
    const post = yield* check(client, "Status", "POST", "/api/v1/statuses", ann.token, { status: "hello", language: "en-GB" })
    const reply = yield* check(client, "Status", "POST", "/api/v1/statuses", bob.token, { status: "re", in_reply_to_id: post.id, spoiler_text: "cw" })
    assert.deepStrictEqual([reply.in_reply_to_id, reply.in_reply_to_account_id, reply.sensitive], [post.id, ann.id, true])
    const liked = yield* check(client, "Status", "POST", `/api/v1/statuses/${post.id}/favourite`, bob.token)
    assert.deepStrictEqual([liked.favourited, liked.favourites_count, liked.replies_count], [true, 1, 1])
    const wrapper = yield* check(client, "Status", "POST", `/api/v1/statuses/${post.id}/reblog`, bob.token)
    assert.deepStrictEqual([wrapper.reblog.id, wrapper.reblog.reblogged, wrapper.reblog.reblogs_count, wrapper.reblogged], [post.id, true, 1, true])
    valid("Status", wrapper.reblog, "the wrapped status")
    yield* check(client, "Status", "GET", `/api/v1/statuses/${wrapper.id}`)
    yield* check(client, "Status", "PUT", `/api/v1/statuses/${post.id}`, ann.token, { status: "changed" })
    yield* check(client, "StatusEdit", "GET", `/api/v1/statuses/${post.id}/history`)
    yield* check(client, "StatusSource", "GET", `/api/v1/statuses/${post.id}/source`, ann.token)
    const context = yield* check(client, "Context", "GET", `/api/v1/statuses/${reply.id}/context`, bob.token)
    assert.deepStrictEqual(context.ancestors.map((status: { id: string }) => status.id), [post.id])
    yield* check(client, "Account", "GET", `/api/v1/statuses/${post.id}/favourited_by`)
    yield* check(client, "Account", "GET", `/api/v1/statuses/${post.id}/reblogged_by`)
    const many = yield* check(client, "Status", "GET", `/api/v1/statuses?id[]=${post.id}&id[]=${reply.id}`, bob.token)
    assert.lengthOf(many, 2)
    assert.deepStrictEqual(many.map((status: { favourited: boolean }) => status.favourited), [true, false])
    yield* check(client, "Status", "GET", "/api/v1/timelines/home", ann.token)
    yield* check(client, "Status", "GET", `/api/v1/accounts/${bob.id}/statuses`, ann.token)
    const unreblogged = yield* check(client, "Status", "POST", `/api/v1/statuses/${post.id}/unreblog`, bob.token)
    assert.deepStrictEqual([unreblogged.reblogged, unreblogged.reblogs_count], [false, 0])
    const unliked = yield* check(client, "Status", "POST", `/api/v1/statuses/${post.id}/unfavourite`, bob.token)
    assert.deepStrictEqual([unliked.favourited, unliked.favourites_count], [false, 0])
    const deleted = yield* check(client, "Status", "DELETE", `/api/v1/statuses/${post.id}`, ann.token)
    assert.strictEqual(deleted.text, "changed")
  })

const accounts = (client: Client, ann: Someone, bob: Someone) =>
  Effect.gen(function*() {
    const own = yield* check(client, "CredentialAccount", "GET", "/api/v1/accounts/verify_credentials", ann.token)
    assert.strictEqual(own.username, "ann")
    yield* check(client, "CredentialAccount", "PATCH", "/api/v1/accounts/update_credentials", ann.token, { display_name: "Ann", note: "<hi>", bot: "1" })
    const seen = yield* check(client, "Account", "GET", `/api/v1/accounts/${ann.id}`)
    assert.deepStrictEqual([seen.display_name, seen.note, seen.bot], ["Ann", "<p>&lt;hi&gt;</p>", true])
    yield* check(client, "Account", "GET", "/api/v1/accounts/lookup?acct=@ann@rookery.example")
    yield* check(client, "Account", "GET", `/api/v1/accounts?id[]=${ann.id}&id[]=${bob.id}`)
    yield* check(client, "Relationship", "POST", `/api/v1/accounts/${ann.id}/follow`, bob.token, { reblogs: true })
    const [relation] = yield* check(client, "Relationship", "GET", `/api/v1/accounts/relationships?id[]=${bob.id}`, ann.token)
    assert.deepStrictEqual([relation.following, relation.followed_by], [false, true])
    const followers = yield* check(client, "Account", "GET", `/api/v1/accounts/${ann.id}/followers`)
    assert.deepStrictEqual(followers.map((account: { id: string }) => account.id), [bob.id])
    const following = yield* check(client, "Account", "GET", `/api/v1/accounts/${bob.id}/following`)
    assert.strictEqual(following[0].followers_count, 1)
    yield* check(client, "Relationship", "POST", `/api/v1/accounts/${ann.id}/unfollow`, bob.token)
  })

describe("answers and the contract", () => {
  it.live("statuses", () =>
    withFront((client) =>
      Effect.gen(function*() {
        yield* statuses(client, yield* client.signUp("ann"), yield* client.signUp("bob"))
      })))

  it.live("accounts and relationships", () =>
    withFront((client) =>
      Effect.gen(function*() {
        yield* accounts(client, yield* client.signUp("ann"), yield* client.signUp("bob"))
      })))

  it.live("apps, tokens and the server itself", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const app = yield* client.register()
        valid("CredentialApplication", app, "POST /api/v1/apps")
        const form = { grant_type: "client_credentials", client_id: app.client_id, client_secret: app.client_secret, scope: "read" }
        for (const body of [{ json: form }, { form }, { multipart: form }]) {
          const token = yield* client.ok("POST", "/oauth/token", body)
          valid("Token", token, "POST /oauth/token")
          yield* check(client, "Application", "GET", "/api/v1/apps/verify_credentials", token.access_token)
        }
        const v1 = yield* check(client, "V1Instance", "GET", "/api/v1/instance")
        const v2 = yield* check(client, "Instance", "GET", "/api/v2/instance/")
        assert.deepStrictEqual([v1.version, v2.api_versions], ["4.4.0 (compatible; Rookery 0.0.0-test)", { mastodon: 1 }])
        const nodeinfo = yield* client.ok("GET", "/nodeinfo/2.0")
        assert.strictEqual(nodeinfo.metadata.upstream.name, "mastodon")
        const ann = yield* client.signUp("ann")
        yield* check(client, "Preferences", "GET", "/api/v1/preferences", ann.token)
        assert.deepStrictEqual(yield* client.ok("GET", "/api/v1/custom_emojis"), [])
        assert.deepStrictEqual(yield* client.ok("GET", "/api/v1/lists", { token: ann.token }), [])
      })))
})
