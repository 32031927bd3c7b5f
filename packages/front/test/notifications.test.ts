/** Notifications, their policy, markers and presence over HTTP, against the contract. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Contract from "./contract.ts"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"
import * as Streams from "./streams.ts"

const get = (client: Client, by: Someone, path: string) => client.ok("GET", path, { token: by.token })
const act = (client: Client, by: Someone, path: string, json?: object) =>
  client.ok("POST", path, { token: by.token, ...(json === undefined ? {} : { json }) })
const types = (list: ReadonlyArray<{ readonly type: string }>) => list.map(({ type }) => type)

const isA = (entity: string, value: unknown) => assert.deepStrictEqual(Contract.problems(entity, value), [], JSON.stringify(value).slice(0, 400))

/** Bob follows Ann, likes and reposts what she wrote. */
const world = (client: Client) =>
  Effect.gen(function*() {
    const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
    const hers = yield* client.post(ann, "hello")
    yield* act(client, bob, `/api/v1/accounts/${ann.id}/follow`)
    yield* act(client, bob, `/api/v1/statuses/${hers.id}/favourite`)
    yield* act(client, bob, `/api/v1/statuses/${hers.id}/reblog`)
    return { ann, bob, hers }
  })

describe("a muted conversation", () => {
  it.live("is not heard of, from any of its posts on, and says so, until it is unmuted", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const root = yield* client.post(ann, "hello")
        const reply = (to: { id: string }, text: string) => client.post(bob, `@ann ${text}`, { in_reply_to_id: to.id })
        const first = yield* reply(root, "before")
        const heard = Effect.map(client.ok("GET", "/api/v1/notifications", { token: ann.token }), (list: ReadonlyArray<{ status: { content: string } }>) =>
          list.map(({ status }) => /before|while|elsewhere|after/.exec(status.content)?.[0]))
        yield* eventually(heard, (list) => list.length === 1)
        const set = (verb: string, id: string) => client.ok("POST", `/api/v1/statuses/${id}/${verb}`, { token: ann.token })
        const muted = yield* set("mute", first.id)
        assert.deepStrictEqual([muted.muted, Contract.problems("Status", muted)], [true, []])
        assert.isTrue((yield* client.ok("GET", `/api/v1/statuses/${root.id}`, { token: ann.token })).muted)
        assert.isFalse((yield* client.ok("GET", `/api/v1/statuses/${root.id}`, { token: bob.token })).muted)
        const inside = yield* reply(first, "while")
        const other = yield* reply(yield* client.post(ann, "another"), "elsewhere")
        assert.deepStrictEqual(yield* eventually(heard, (list) => list.length === 2), ["elsewhere", "before"])
        assert.strictEqual((yield* client.ok("GET", "/api/v1/notifications/unread_count", { token: ann.token })).count, 2)
        const home = yield* client.ok("GET", `/api/v1/statuses?id[]=${inside.id}&id[]=${other.id}`, { token: ann.token })
        assert.deepStrictEqual(home.map((status: { muted: boolean }) => status.muted), [true, false])
        assert.isFalse((yield* set("unmute", root.id)).muted)
        yield* reply(inside, "after")
        assert.deepStrictEqual(yield* eventually(heard, (list) => list.length === 4), ["after", "elsewhere", "while", "before"])
        assert.strictEqual((yield* client.call("POST", "/api/v1/statuses/7/mute", { token: ann.token })).status, 404)
      })), 60_000)
})

describe("notifications", () => {
  it.live("are listed, paged, filtered, dismissed and cleared", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob, hers } = yield* world(client)
        const list = yield* get(client, ann, "/api/v1/notifications")
        assert.deepStrictEqual(types(list), ["reblog", "favourite", "follow"])
        for (const notification of list) isA("Notification", notification)
        assert.strictEqual(list[1].status.id, hers.id)
        const page = yield* client.call("GET", "/api/v1/notifications?limit=2", { token: ann.token })
        assert.match(page.headers.get("link")!, new RegExp(`max_id=${list[1].id}>; rel="next"`))
        assert.deepStrictEqual(types(yield* get(client, ann, `/api/v1/notifications?max_id=${list[1].id}`)), ["follow"])
        assert.deepStrictEqual(types(yield* get(client, ann, "/api/v1/notifications?exclude_types[]=reblog&types[]=follow&types[]=reblog")), ["follow"])
        assert.deepStrictEqual(yield* get(client, ann, `/api/v1/notifications?account_id=${ann.id}`), [])
        assert.deepStrictEqual(yield* get(client, ann, `/api/v1/notifications/${list[0].id}`), list[0])
        assert.strictEqual((yield* client.call("GET", `/api/v1/notifications/${list[0].id}`, { token: bob.token })).status, 404)
        assert.deepStrictEqual(yield* act(client, ann, `/api/v1/notifications/${list[0].id}/dismiss`), {})
        assert.deepStrictEqual(types(yield* get(client, ann, "/api/v1/notifications")), ["favourite", "follow"])
        assert.deepStrictEqual(yield* act(client, ann, "/api/v1/notifications/clear"), {})
        assert.deepStrictEqual(yield* get(client, ann, "/api/v1/notifications"), [])
        assert.strictEqual((yield* client.call("GET", "/api/v1/notifications", { token: bob.token })).headers.get("link"), null)
      })
    ), 60_000)

  it.live("are counted above the marker, and grouped", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { ann, bob, hers } = yield* world(client)
        const cid = yield* client.signUp("cid")
        yield* act(client, cid, `/api/v1/statuses/${hers.id}/favourite`)
        assert.deepStrictEqual(yield* get(client, ann, "/api/v1/notifications/unread_count"), { count: 4 })
        assert.deepStrictEqual(yield* get(client, ann, "/api/v2/notifications/unread_count"), { count: 3 })
        const grouped = yield* get(client, ann, "/api/v2/notifications")
        isA("GroupedNotificationsResults", grouped)
        const [favourites] = grouped.notification_groups
        assert.deepInclude(favourites, { type: "favourite", notifications_count: 2, sample_account_ids: [cid.id, bob.id], status_id: hers.id })
        assert.deepStrictEqual(grouped.statuses.map((status: { id: string }) => status.id), [hers.id])
        const partial = yield* get(client, ann, "/api/v2/notifications?expand_accounts=partial_avatars&types[]=favourite")
        isA("GroupedNotificationsResults", partial)
        assert.strictEqual(partial.partial_accounts.length, 1)
        isA("GroupedNotificationsResults", yield* get(client, ann, `/api/v2/notifications/${favourites.group_key}`))
        const accounts = yield* get(client, ann, `/api/v2/notifications/${favourites.group_key}/accounts`)
        assert.deepStrictEqual(accounts.map(({ id }: { id: string }) => id), [cid.id, bob.id])
        const body = { notifications: { last_read_id: String(favourites.most_recent_notification_id) } }
        const markers = yield* act(client, ann, "/api/v1/markers", body)
        isA("Marker", markers.notifications)
        assert.strictEqual(markers.notifications.version, 1)
        assert.deepStrictEqual(yield* get(client, ann, "/api/v1/markers?timeline[]=notifications&timeline[]=home"), markers)
        assert.deepStrictEqual(yield* get(client, ann, "/api/v1/notifications/unread_count"), { count: 0 })
        assert.deepStrictEqual(yield* act(client, ann, `/api/v2/notifications/${favourites.group_key}/dismiss`), {})
        assert.deepStrictEqual(types(yield* get(client, ann, "/api/v1/notifications")), ["reblog", "follow"])
      })
    ), 60_000)

  it.live("of strangers are held back as the policy says, and shown when accepted", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const hers = yield* client.post(ann, "hello")
        const policy = yield* get(client, ann, "/api/v2/notifications/policy")
        isA("NotificationPolicy", policy)
        assert.strictEqual(policy.for_not_following, "accept")
        const changed = yield* client.ok("PATCH", "/api/v2/notifications/policy", { token: ann.token, json: { for_not_following: "filter" } })
        assert.strictEqual(changed.for_not_following, "filter")
        const reader = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        yield* act(client, bob, `/api/v1/statuses/${hers.id}/favourite`)
        assert.deepStrictEqual(yield* get(client, ann, "/api/v1/notifications"), [])
        assert.deepStrictEqual(types(yield* get(client, ann, "/api/v1/notifications?include_filtered=true")), ["favourite"])
        const [held] = yield* get(client, ann, "/api/v1/notifications/requests")
        isA("NotificationRequest", held)
        assert.deepInclude(yield* get(client, ann, "/api/v2/notifications/policy"), {
          summary: { pending_requests_count: 1, pending_notifications_count: 1 }
        })
        assert.deepStrictEqual(yield* get(client, ann, `/api/v1/notifications/requests/${held.id}`), held)
        assert.deepStrictEqual(yield* act(client, ann, `/api/v1/notifications/requests/${held.id}/accept`), {})
        assert.deepStrictEqual(types(yield* get(client, ann, "/api/v1/notifications")), ["favourite"])
        assert.deepStrictEqual(yield* get(client, ann, "/api/v1/notifications/requests"), [])
        yield* act(client, bob, `/api/v1/statuses/${hers.id}/reblog`)
        const [told] = yield* Streams.events(reader, "notification", 1)
        assert.strictEqual(JSON.parse(told!.payload).type, "reblog", "what was held back was not streamed")
      }).pipe(Effect.scoped)
    ), 60_000)
})

describe("presence", () => {
  it.live("shows who of those one follows has a stream open, unless they do not want it", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        yield* act(client, bob, `/api/v1/accounts/${ann.id}/follow`)
        const presence = get(client, bob, "/api/x/presence")
        assert.deepStrictEqual(yield* presence, { visible: true, online: [] })
        const stream = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        assert.deepStrictEqual((yield* presence).online, [ann.id])
        assert.deepStrictEqual((yield* get(client, ann, "/api/x/presence")).online, [], "Ann follows nobody")
        const hidden = yield* client.ok("PUT", "/api/x/presence", { token: ann.token, json: { visible: false } })
        assert.isFalse(hidden.visible)
        assert.deepStrictEqual((yield* presence).online, [])
        yield* client.ok("PUT", "/api/x/presence", { token: ann.token, json: { visible: true } })
        stream.close()
        yield* eventually(presence, ({ online }) => online.length === 0)
      }).pipe(Effect.scoped)
    ), 60_000)
})
