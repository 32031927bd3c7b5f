/** Reports, and what moderators do with them: who may, what it does everywhere, and what is kept of it. */
import { assert, describe, it } from "@effect/vitest"
import { AccountId } from "@rookery/domain/Ids"
import { ModerationStore } from "@rookery/store/ModerationStore"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"
import * as Streams from "./streams.ts"

const report = (client: Client, by: Someone, json: object) => client.call("POST", "/api/v1/reports", { token: by.token, json })

const act = (client: Client, by: Someone, path: string) => client.ok("POST", `/api/v1/${path}`, { token: by.token })

const twoAndModerator = (client: Client) =>
  Effect.gen(function*() {
    const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
    return { ann, bob, moderator: yield* Moderators.make(client) }
  })

describe("reports", () => {
  it.live("are taken as the contract says, and refused for what is not there, too long, or not theirs", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob } = yield* twoAndModerator(client)
        const post = yield* client.post(bob, "buy this")
        const secret = yield* client.post(bob, "between us", { visibility: "direct" })
        const mine = yield* client.post(ann, "mine")
        const made = yield* report(client, ann, { account_id: bob.id, status_ids: [post.id], comment: "again", category: "spam", forward: true })
        assert.deepStrictEqual([made.status, problems("Report", made.body)], [200, []])
        assert.deepInclude(made.body, { action_taken: false, category: "spam", comment: "again", status_ids: [post.id], forwarded: false })
        assert.strictEqual(made.body.target_account.id, bob.id)
        assert.deepInclude((yield* report(client, ann, { account_id: bob.id })).body, { category: "other", comment: "", status_ids: [] })
        const refused: ReadonlyArray<readonly [json: object, status: number]> = [
          [{}, 404],
          [{ account_id: "7" }, 404],
          [{ account_id: ann.id }, 403],
          [{ account_id: bob.id, status_ids: [mine.id] }, 404],
          [{ account_id: bob.id, status_ids: [secret.id] }, 404],
          [{ account_id: bob.id, comment: "x".repeat(1_001) }, 422],
          [{ account_id: bob.id, category: "boring" }, 422],
          [{ account_id: bob.id, rule_ids: ["1"] }, 422],
          [{ account_id: bob.id, status_ids: Array.from({ length: 101 }, () => post.id) }, 422]
        ]
        for (const [json, status] of refused) {
          const reply = yield* report(client, ann, json)
          assert.deepStrictEqual([reply.status, problems("Error", reply.body)], [status, []], JSON.stringify(json))
        }
      })))

  it.live("are listed for moderators in pages, looked at, resolved and taken up again", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob, moderator } = yield* twoAndModerator(client)
        const { token } = moderator
        const post = yield* client.post(bob, "for followers", { visibility: "private" })
        yield* act(client, ann, `accounts/${bob.id}/follow`)
        const ids: Array<string> = []
        for (const comment of ["one", "two", "three"]) {
          ids.unshift((yield* report(client, ann, { account_id: bob.id, comment, status_ids: comment === "three" ? [post.id] : [] })).body.id)
        }
        const list = (query: string) => client.call("GET", `/api/x/admin/reports?${query}`, { token })
        const first = yield* list("limit=2")
        assert.deepStrictEqual(first.body.map((one: { id: string }) => one.id), ids.slice(0, 2))
        assert.include(first.headers.get("link"), `max_id=${ids[1]}`)
        // What was reported is seen by whoever decides on it.
        assert.deepStrictEqual([first.body[0].account.id, first.body[0].target_account.id, first.body[0].statuses[0].id], [ann.id, bob.id, post.id])
        assert.deepStrictEqual((yield* list(`max_id=${ids[1]}`)).body.map((one: { id: string }) => one.id), ids.slice(2))
        assert.deepStrictEqual((yield* list(`target_account_id=${ann.id}`)).body, [])
        const resolved = yield* client.ok("POST", `/api/x/admin/reports/${ids[0]}/resolve`, { token, json: { reason: "talked to him" } })
        assert.deepInclude(resolved, { action_taken: true, resolved_by: moderator.id })
        assert.strictEqual((yield* list("")).body.length, 2)
        assert.deepStrictEqual((yield* list("resolved=true")).body.map((one: { id: string }) => one.id), [ids[0]])
        assert.deepInclude(yield* client.ok("POST", `/api/x/admin/reports/${ids[0]}/reopen`, { token }), { action_taken: false, action_taken_at: null })
        assert.strictEqual((yield* client.call("GET", "/api/x/admin/reports/9999", { token })).status, 404)
        const log = yield* client.ok("GET", "/api/x/admin/log", { token })
        assert.deepStrictEqual(log.map((entry: { action: string; reason: string; by: string }) => [entry.action, entry.reason, entry.by]), [
          ["reopen", "", moderator.id],
          ["resolve", "talked to him", moderator.id]
        ])
      })))
})

const adminRoutes = (id: string): ReadonlyArray<readonly [method: string, path: string, scope: string]> => [
  ["GET", "reports", "admin:read:reports"],
  ["GET", "reports/1", "admin:read:reports"],
  ["POST", "reports/1/resolve", "admin:write:reports"],
  ["POST", "reports/1/reopen", "admin:write:reports"],
  ["GET", "log", "admin:read"],
  ["GET", "accounts", "admin:read:accounts"],
  ["GET", `accounts/${id}`, "admin:read:accounts"],
  ["POST", `accounts/${id}/suspend`, "admin:write:accounts"],
  ["POST", `accounts/${id}/unsuspend`, "admin:write:accounts"],
  ["DELETE", "posts/1", "admin:write"]
]

describe("moderating", () => {
  it.live("needs an admin, and a token with the scope", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob, moderator } = yield* twoAndModerator(client)
        const plain = yield* Moderators.tokenFor(ann, "read write follow admin:read admin:write")
        const narrow = yield* Moderators.tokenFor(moderator, "read write follow admin:read:ip_blocks admin:write:ip_blocks")
        for (const [method, path, scope] of adminRoutes(bob.id)) {
          const call = (token?: string) => client.call(method, `/api/x/admin/${path}`, token === undefined ? {} : { token })
          const what = `${method} ${path}`
          assert.strictEqual((yield* call()).status, 401, what)
          assert.deepStrictEqual((yield* call(plain)).body, { error: "This action is not allowed" }, what)
          assert.deepStrictEqual((yield* call(narrow)).body, { error: "This action is outside the authorized scopes" }, what)
          const exact = yield* call(yield* Moderators.tokenFor(moderator, scope))
          assert.include([200, 404], exact.status, what)
        }
        const own = yield* client.call("POST", `/api/x/admin/accounts/${moderator.id}/suspend`, { token: moderator.token })
        assert.strictEqual(own.status, 403, "admins are suspended from the terminal only")
      })))

  it.live("shows what others do not see of an account", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob, moderator } = yield* twoAndModerator(client)
        yield* report(client, ann, { account_id: bob.id })
        yield* client.ok("PATCH", "/api/v1/accounts/update_credentials", { token: bob.token, json: { display_name: "Bob", note: "hello" } })
        yield* moderator.suspend(bob)
        const get = (path: string) => client.ok("GET", `/api/x/admin/accounts${path}`, { token: moderator.token })
        const seen = yield* get(`/${bob.id}`)
        assert.deepInclude(seen, { username: "bob", email: "bob@rookery.example", admin: false, open_reports: 1 })
        assert.isString(seen.suspended_at)
        assert.strictEqual(seen.account.display_name, "Bob")
        assert.deepStrictEqual((yield* get("?suspended=true")).map((one: { id: string }) => one.id), [bob.id])
        assert.deepStrictEqual((yield* get("?suspended=false")).map((one: { id: string }) => one.id), [moderator.id, ann.id])
        assert.deepStrictEqual((yield* get("?username=Ann")).map((one: { id: string }) => one.id), [ann.id])
        const shown = yield* client.ok("GET", `/api/v1/accounts/${bob.id}`)
        assert.deepStrictEqual([shown.suspended, shown.display_name, shown.note, problems("Account", shown)], [true, "", "", []])
        assert.deepInclude(yield* client.ok("GET", "/api/v1/accounts/lookup?acct=bob"), { id: bob.id, suspended: true })
        yield* moderator.unsuspend(bob)
        assert.notProperty(yield* client.ok("GET", `/api/v1/accounts/${bob.id}`), "suspended")
      })))
})

/** Everything that Ann can be told or shown of Bob besides his posts. */
const tracesOf = (client: Client, ann: Someone, bob: Someone, post: string) =>
  Effect.gen(function*() {
    const get = (path: string) => client.ok("GET", path, { token: ann.token })
    const names = (path: string) => Effect.map(get(path), (list) => list.map((one: { username: string }) => one.username))
    const groups = yield* get("/api/v2/notifications")
    return {
      notifications: (yield* get("/api/v1/notifications")).map((one: { type: string }) => one.type),
      groups: groups.notification_groups.map((one: { type: string }) => one.type),
      people: groups.accounts.map((one: { id: string }) => one.id),
      unread: (yield* get("/api/v1/notifications/unread_count")).count,
      followers: yield* names(`/api/v1/accounts/${ann.id}/followers`),
      following: yield* names(`/api/v1/accounts/${ann.id}/following`),
      likers: yield* names(`/api/v1/statuses/${post}/favourited_by`),
      reposters: yield* names(`/api/v1/statuses/${post}/reblogged_by`),
      presence: (yield* get("/api/x/presence")).online,
      uses: (yield* get("/api/v1/tags/bobs")).history[0].uses,
      relation: (yield* get(`/api/v1/accounts/relationships?id=${bob.id}`)).length,
      conversations: (yield* get("/api/v1/conversations")).length,
      direct: (yield* get("/api/v1/timelines/direct")).length
    }
  })

describe("a suspension", () => {
  it.live("takes every trace of a person out of what others see, and gives all of it back", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob, moderator } = yield* twoAndModerator(client)
        const post = yield* client.post(ann, "hers")
        yield* act(client, ann, `accounts/${bob.id}/follow`)
        yield* act(client, bob, `accounts/${ann.id}/follow`)
        yield* act(client, bob, `statuses/${post.id}/favourite`)
        yield* act(client, bob, `statuses/${post.id}/reblog`)
        yield* client.post(bob, "@ann #bobs hello")
        yield* client.post(bob, "@ann psst", { visibility: "direct" })
        const socket = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: bob.token })
        const traces = tracesOf(client, ann, bob, post.id)
        const before = yield* eventually(traces, ({ notifications, presence }) => notifications.length === 5 && presence.length === 1)
        assert.deepInclude(before, { unread: 5, followers: ["bob"], likers: ["bob"], reposters: ["bob"], uses: "1", conversations: 1, direct: 1 })
        yield* moderator.suspend(bob)
        assert.deepStrictEqual(yield* traces, {
          notifications: [],
          groups: [],
          people: [],
          unread: 0,
          followers: [],
          following: [],
          likers: [],
          reposters: [],
          presence: [],
          uses: "0",
          relation: 0,
          conversations: 0,
          direct: 0
        })
        assert.strictEqual((yield* Streams.ended(socket)).code, 1008)
        assert.strictEqual((yield* client.ok("GET", `/api/v1/accounts/relationships?id=${bob.id}&with_suspended=true`, { token: ann.token })).length, 1)
        yield* moderator.unsuspend(bob)
        yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: bob.token })
        assert.deepStrictEqual(yield* eventually(traces, ({ presence }) => presence.length === 1), before)
      }).pipe(Effect.scoped), { limits: { tagDaysMillis: 0 } }), 60_000)

  it.live("lets others part with who is suspended, and lets nobody follow them", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob, moderator } = yield* twoAndModerator(client)
        yield* act(client, ann, `accounts/${bob.id}/follow`)
        yield* moderator.suspend(bob)
        for (const verb of ["unfollow", "block", "unblock", "mute", "unmute"]) yield* act(client, ann, `accounts/${bob.id}/${verb}`)
        assert.strictEqual((yield* client.call("POST", `/api/v1/accounts/${bob.id}/follow`, { token: ann.token })).status, 404)
        assert.strictEqual((yield* report(client, ann, { account_id: bob.id })).status, 404)
      })))

  it.live("reaches the fronts also when whoever made it died before they told them", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const post = yield* client.post(ann, "hello")
        const seen = Effect.all([
          Effect.map(client.call("GET", "/api/v1/timelines/home", { token: ann.token }), ({ status }) => status),
          Effect.map(client.call("GET", `/api/v1/statuses/${post.id}`), ({ status }) => status)
        ])
        assert.deepStrictEqual(yield* seen, [200, 200])
        yield* (yield* ModerationStore).setSuspended(AccountId.make(BigInt(ann.id)), true, { by: null, reason: "" })
        yield* eventually(seen, ([home, status]) => home === 403 && status === 404)
      }), { limits: { tokenMillis: 3_600_000, accountMillis: 3_600_000 } }), 60_000)

  it.live("stands however often it is asked for, is logged when it changes something, and refuses logins", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { bob, moderator } = yield* twoAndModerator(client)
        for (const set of [moderator.suspend, moderator.suspend, moderator.unsuspend, moderator.unsuspend, moderator.suspend]) yield* set(bob)
        const log = yield* client.ok("GET", `/api/x/admin/log?account_id=${bob.id}`, { token: moderator.token })
        assert.deepStrictEqual(log.map((entry: { action: string }) => entry.action), ["suspend", "unsuspend", "suspend"])
        const { client_id, client_secret } = yield* client.register("read")
        const form = { grant_type: "password", client_id, client_secret, username: "bob", password: "correct horse", scope: "read" }
        assert.strictEqual((yield* client.call("POST", "/oauth/token", { form })).status, 400)
      })))
})
