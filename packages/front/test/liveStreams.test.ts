/** Streams: what reaches whom, once, and how they end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"
import * as Streams from "./streams.ts"

const act = (client: Client, by: Someone, path: string) => client.ok("POST", `/api/v1/${path}`, { token: by.token })
const like = (client: Client, by: Someone, id: string) => act(client, by, `statuses/${id}/favourite`)

const revoke = (client: Client, someone: Someone, app: { readonly client_id: string; readonly client_secret: string }) =>
  client.ok("POST", "/oauth/revoke", { json: { ...app, token: someone.token } })

/** A person whose token comes from an app that the test knows. */
const loggedIn = (client: Client, username: string, scope = "read write follow") =>
  Effect.gen(function*() {
    const { id } = yield* client.signUp(username)
    const { client_id, client_secret } = yield* client.register(scope)
    const json = { grant_type: "password", client_id, client_secret, username: `${username}@rookery.example`, password: "correct horse", scope }
    const { access_token: token } = yield* client.ok("POST", "/oauth/token", { json })
    return { id, token: token as string, app: { client_id, client_secret } }
  })

describe("streams", () => {
  it.live("bring a notification to every connection of a person, once each, with what the list says", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const hers = yield* client.post(ann, "hello")
        const user = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        const many = yield* Streams.socket(client.base, `/api/v1/streaming?access_token=${ann.token}`)
        many.send({ type: "subscribe", stream: "user" })
        many.send({ type: "subscribe", stream: "user:notification" })
        const narrow = yield* Streams.socket(client.base, "/api/v1/streaming", { protocol: ann.token })
        narrow.send({ type: "subscribe", stream: "user:notification" })
        const sse = yield* Streams.serverSent(client.base, "/api/v1/streaming/user/notification", ann.token)
        yield* client.post(ann, "a post to know by that the subscriptions stand")
        yield* Streams.events(many, "update", 1)
        yield* like(client, bob, hers.id)
        yield* like(client, bob, hers.id)
        yield* act(client, bob, `accounts/${ann.id}/follow`)
        const [first] = yield* client.ok("GET", "/api/v1/notifications?types[]=favourite", { token: ann.token })
        for (const reader of [user, many, narrow, sse]) {
          const found = yield* Streams.events(reader, "notification", 2)
          assert.deepStrictEqual(found.map(({ payload }): string => JSON.parse(payload).type).toSorted((a, b) => a < b ? -1 : 1), ["favourite", "follow"])
          const favourite = found.map(({ payload }) => JSON.parse(payload)).find(({ type }) => type === "favourite")
          assert.deepStrictEqual([favourite.id, favourite.group_key, favourite.account.id], [first.id, first.group_key, bob.id])
          assert.deepStrictEqual([favourite.status.id, favourite.status.favourites_count], [hers.id, 1])
        }
        assert.deepStrictEqual(many.received.at(-1)!.stream, ["user"])
        assert.deepStrictEqual(narrow.received.map(({ stream }) => stream), [["user:notification"], ["user:notification"]])
        assert.include(sse.comments, ":thump")
      }).pipe(Effect.scoped)
    ), 120_000)

  it.live("answer what they do not know, and bring nothing after it is unsubscribed", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const socket = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        const before = yield* client.post(ann, "one")
        assert.strictEqual(JSON.parse((yield* Streams.events(socket, "update", 1))[0]!.payload).id, before.id)
        socket.send({ type: "unsubscribe", stream: "user" })
        socket.send({ type: "subscribe", stream: "nothing" })
        socket.send({ hello: true })
        yield* eventually(Effect.sync(() => socket.received.length), (count) => count === 3)
        const sse = yield* Streams.serverSent(client.base, "/api/v1/streaming/user", ann.token)
        yield* client.post(ann, "two")
        yield* Streams.events(sse, "update", 1)
        assert.strictEqual(socket.received.filter(({ event }) => event === "update").length, 1)
        const refused = yield* Effect.result(Effect.scoped(Streams.serverSent(client.base, "/api/v1/streaming/nothing", ann.token)))
        assert.isTrue(Result.isFailure(refused) && refused.failure.message.startsWith("404"))
        assert.strictEqual((yield* client.call("GET", "/api/v1/streaming/health")).text, "OK")
      }).pipe(Effect.scoped)
    ), 120_000)

  it.live("keep notifications from a token that does not cover them", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* loggedIn(client, "ann", "read:statuses write:statuses")
        const bob = yield* client.signUp("bob")
        const socket = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        socket.send({ type: "subscribe", stream: "user:notification" })
        yield* eventually(Effect.sync(() => socket.received.length), (count) => count === 1)
        const hers = yield* client.post(ann, "hello")
        yield* like(client, bob, hers.id)
        const refused = yield* client.call("GET", "/api/v1/streaming/user/notification", { token: ann.token })
        assert.strictEqual(refused.status, 403)
        yield* client.post(ann, "after it")
        yield* Streams.events(socket, "update", 2)
        assert.isFalse(socket.received.some(({ event }) => event === "notification"))
      }).pipe(Effect.scoped)
    ), 120_000)

  it.live("end at once when their token is revoked, of every kind", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* loggedIn(client, "ann")
        const socket = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        const sse = yield* Streams.serverSent(client.base, "/api/v1/streaming/user", ann.token)
        const resumable = yield* Streams.serverSent(client.base, "/api/x/stream", ann.token)
        yield* revoke(client, ann, ann.app)
        assert.strictEqual((yield* Streams.ended(socket)).code, 1008)
        yield* Streams.ended(sse)
        yield* Streams.ended(resumable)
        assert.strictEqual((yield* client.call("GET", "/api/v1/streaming/user", { token: ann.token })).status, 401)
      }).pipe(Effect.scoped)
    ), 120_000)

  it.live("drop a reader that does not read, with a code, and lose nothing of what it then asks for", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const slow = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        const steady = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        slow.pause()
        const text = "x".repeat(20_000)
        for (let i = 0; i < 400 && !slow.ended.isOver; i++) {
          yield* client.post(ann, `${i} ${text}`)
          const metrics = yield* client.call("GET", "/metrics")
          if (/rookery_streams_dropped_total\{reason="slow"\} [1-9]/.test(metrics.text)) break
        }
        const dropped = yield* client.call("GET", "/metrics")
        assert.match(dropped.text, /rookery_streams_dropped_total\{reason="slow"\} [1-9]/)
        const last = yield* client.post(ann, "the last")
        yield* eventually(Effect.sync(() => steady.received.some(({ payload }) => payload.includes(last.id))), (came) => came)
        const [newest] = yield* client.ok("GET", "/api/v1/timelines/home?limit=1", { token: ann.token })
        assert.strictEqual(newest.id, last.id)
      }).pipe(Effect.scoped), { settings: { postCharactersMax: 30_000 }, limits: { socketBufferMax: 64 * 1024 } }), 120_000)

  it.live("end when nobody answers their pings, and stay for whoever does", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const open = (deaf: boolean) => Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token, deaf })
        const [there, gone] = [yield* open(false), yield* open(true)]
        const sse = yield* Streams.serverSent(client.base, "/api/v1/streaming/user", ann.token)
        assert.strictEqual((yield* Streams.ended(gone)).code, 1006)
        assert.match((yield* client.call("GET", "/metrics")).text, /rookery_streams_dropped_total\{reason="idle"\} [1-9]/)
        yield* eventually(Effect.sync(() => sse.comments.length), (thumps) => thumps >= 3)
        const { id } = yield* client.post(ann, "still here")
        for (const reader of [there, sse]) assert.include((yield* Streams.events(reader, "update", 1))[0]!.payload, id)
      }).pipe(Effect.scoped), { limits: { pingMillis: 2_000 } }), 120_000)

  it.live("resume from where they ended, without gap or repeat", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        yield* act(client, bob, `accounts/${ann.id}/follow`)
        const mine = yield* client.post(bob, "mine")
        const brief = yield* Streams.serverSent(client.base, "/api/x/stream", bob.token)
        yield* eventually(Effect.sync(() => brief.ended.lastId), (id) => id !== undefined)
        brief.close()
        let cursor = brief.ended.lastId
        const seen: Array<string> = []
        const expected: Array<string> = [(yield* client.post(ann, "before anybody read an event")).id]
        for (let round = 0; round < 3; round++) {
          const reader = yield* Streams.serverSent(client.base, "/api/x/stream", bob.token, { "last-event-id": cursor! })
          for (let i = 0; i < 3; i++) expected.push((yield* client.post(ann, `${round} ${i}`)).id)
          const read = Effect.sync(() => [...seen, ...Streams.updatesAfter(reader, mine.id)])
          yield* eventually(read, (ids) => ids.length >= expected.length)
          seen.push(...Streams.updatesAfter(reader, mine.id))
          cursor = reader.ended.lastId
          reader.close()
          expected.push((yield* client.post(ann, `${round} while nobody reads`)).id)
        }
        const removed = expected.at(-1)!
        yield* client.ok("DELETE", `/api/v1/statuses/${removed}`, { token: ann.token })
        yield* like(client, ann, mine.id)
        const last = yield* Streams.serverSent(client.base, `/api/x/stream?cursor=${cursor}`, bob.token)
        yield* Streams.events(last, "notification", 1)
        assert.deepStrictEqual(last.received.map(({ event }) => event), ["delete", "notification"])
        assert.deepStrictEqual(seen, expected.slice(0, -1))
        assert.strictEqual((yield* client.call("GET", "/api/x/stream?cursor=nonsense", { token: bob.token })).status, 400)
        assert.strictEqual((yield* client.call("GET", "/api/x/stream?cursor=1-0-0-1", { token: bob.token })).status, 410)
      }).pipe(Effect.scoped)
    ), 120_000)
})
