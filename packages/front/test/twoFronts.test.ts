/** One person on two fronts of one cluster: what is done at one is heard at the other, and streams go on there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Client, eventually, withFronts } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"
import * as Streams from "./streams.ts"

/** Below the time for which a front would go by what it knew. */
const hintMillisMax = 8_000

const within = <A, E, R>(millis: number, ask: Effect.Effect<A, E, R>, isThere: (answer: A) => boolean) =>
  Effect.gen(function*() {
    const until = Date.now() + millis
    while (!isThere(yield* ask)) assert.isBelow(Date.now(), until, "in time")
  })

describe("two fronts", () => {
  it.live("tell a person at both of what was done at either, and let a stream go on at the other", () =>
    withFronts(2, ([one, two]) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* one!.signUp("ann"), yield* two!.signUp("bob")]
        yield* two!.ok("POST", `/api/v1/accounts/${ann.id}/follow`, { token: bob.token })
        const mine = yield* two!.post(bob, "mine")
        const sockets = yield* Effect.forEach([one!, two!], (client) =>
          Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: bob.token }))
        yield* one!.ok("POST", `/api/v1/statuses/${mine.id}/favourite`, { token: ann.token })
        for (const socket of sockets) {
          const [told] = yield* Streams.events(socket, "notification", 1)
          assert.strictEqual(JSON.parse(told!.payload).status.id, mine.id)
        }
        const presence = yield* two!.ok("GET", "/api/x/presence", { token: bob.token })
        assert.deepStrictEqual(presence.online, [], "Ann has no stream open, and Bob does not follow himself")
        const seen: Array<string> = []
        const expected: Array<string> = []
        let cursor = ""
        for (const [round, client] of [one!, two!, one!].entries()) {
          const reader = yield* Streams.serverSent(client.base, `/api/x/stream?cursor=${cursor}`, bob.token)
          yield* eventually(Effect.sync(() => reader.ended.lastId), (id) => id !== undefined)
          expected.push((yield* client.post(ann, `${round} while Bob reads`)).id)
          const read = Effect.sync(() => [...seen, ...Streams.updatesAfter(reader, mine.id)])
          yield* eventually(read, (ids) => ids.length >= expected.length)
          seen.push(...Streams.updatesAfter(reader, mine.id))
          cursor = reader.ended.lastId!
          reader.close()
          if (round < 2) expected.push((yield* one!.post(ann, `${round} while Bob is away`)).id)
        }
        assert.deepStrictEqual(seen, expected)
      }).pipe(Effect.scoped)
    ), 60_000)

  it.live("count replies and reposts at both, made or undone at either", () =>
    withFronts(2, ([one, two]) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* one!.signUp("ann"), yield* two!.signUp("bob")]
        const { id } = yield* one!.post(ann, "how many?")
        const counted = two!.ok("GET", `/api/v1/statuses/${id}`, { token: ann.token })
        const are = (reposts: number, replies: number) =>
          within(hintMillisMax, counted, (status) => status.reblogs_count === reposts && status.replies_count === replies)
        yield* are(0, 0)
        yield* one!.ok("POST", `/api/v1/statuses/${id}/reblog`, { token: bob.token })
        yield* are(1, 0)
        const reply = yield* one!.post(bob, "one", { in_reply_to_id: id })
        yield* are(1, 1)
        yield* one!.ok("DELETE", `/api/v1/statuses/${reply.id}`, { token: bob.token })
        yield* are(1, 0)
        yield* one!.ok("POST", `/api/v1/statuses/${id}/unreblog`, { token: bob.token })
        yield* are(0, 0)
      })
    ), 60_000)

  it.live("show on a person's page what was posted, reposted or deleted at the other", () =>
    withFronts(2, ([one, two]) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* one!.signUp("ann"), yield* two!.signUp("bob")]
        const page = (client: Client) =>
          Effect.map(client.ok("GET", `/api/v1/accounts/${ann.id}/statuses`, { token: bob.token }), (list) =>
            list.map(({ id }: { readonly id: string }) => id) as Array<string>)
        const are = (ids: ReadonlyArray<string>) => within(hintMillisMax, page(two!), (seen) => seen.join() === ids.join())
        yield* are([])
        const first = (yield* one!.post(ann, "first")).id
        yield* are([first])
        const second = (yield* one!.post(ann, "second")).id
        assert.deepStrictEqual(yield* page(one!), [second, first], "at once where it was posted")
        yield* are([second, first])
        const { id: wrapper } = yield* one!.ok("POST", `/api/v1/statuses/${(yield* two!.post(bob, "his")).id}/reblog`, { token: ann.token })
        yield* are([wrapper, second, first])
        yield* one!.ok("DELETE", `/api/v1/statuses/${first}`, { token: ann.token })
        yield* are([wrapper, second])
      })
    ), 60_000)

  it.live("make one post of one Idempotency-Key, whichever of them is asked, also at once", () =>
    withFronts(2, ([one, two]) =>
      Effect.gen(function*() {
        const ann = yield* one!.signUp("ann")
        const post = (client: Client | undefined, key: string) =>
          client!.ok("POST", "/api/v1/statuses", { token: ann.token, json: { status: "hello" }, headers: { "idempotency-key": key } })
        const first = yield* post(one, "a")
        assert.strictEqual((yield* post(two, "a")).id, first.id)
        const turns = Array.from({ length: 8 }, (_, n) => n % 2 === 0 ? one : two)
        const atOnce = yield* Effect.forEach(turns, (client) => post(client, "b"), { concurrency: "unbounded" })
        assert.strictEqual(new Set(atOnce.map(({ id }) => id)).size, 1)
        const home = yield* one!.ok("GET", "/api/v1/timelines/home", { token: ann.token })
        assert.deepStrictEqual(home.map(({ id }: { id: string }) => id), [atOnce[0].id, first.id])
      })), 60_000)

  it.live("hide people at once, at whichever they were blocked or muted, and show them again", () =>
    withFronts(2, ([here, there]) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* here!.signUp("ann"), yield* here!.signUp("bob")]
        const post = yield* here!.post(bob, "hello")
        yield* here!.ok("POST", `/api/v1/accounts/${bob.id}/follow`, { token: ann.token })
        const read = Effect.map(there!.call("GET", `/api/v1/statuses/${post.id}`, { token: ann.token }), ({ status }) => status)
        const home = Effect.map(there!.ok("GET", "/api/v1/timelines/home", { token: ann.token }), (list) => list.length as number)
        const change = (name: string) => here!.ok("POST", `/api/v1/accounts/${bob.id}/${name}`, { token: ann.token })
        assert.deepStrictEqual([yield* read, yield* home], [200, 1])
        yield* change("mute")
        yield* within(hintMillisMax, home, (length) => length === 0)
        yield* change("unmute")
        yield* within(hintMillisMax, home, (length) => length === 1)
        yield* change("block")
        yield* within(hintMillisMax, read, (status) => status === 404)
        yield* change("unblock")
        yield* within(hintMillisMax, read, (status) => status === 200)
      })))

  it.live("cut a suspended person off from every open stream at once", () =>
    withFronts(2, ([one, two]) =>
      Effect.gen(function*() {
        const ann = yield* one!.signUp("ann")
        const socket = yield* Streams.socket(one!.base, "/api/v1/streaming?stream=user", { token: ann.token })
        const sse = yield* Streams.serverSent(two!.base, "/api/v1/streaming/user", ann.token)
        const resumable = yield* Streams.serverSent(two!.base, "/api/x/stream", ann.token)
        yield* (yield* Moderators.make(two!)).suspend(ann)
        assert.strictEqual((yield* Streams.ended(socket)).code, 1008)
        yield* Streams.ended(sse)
        yield* Streams.ended(resumable)
        for (const client of [one!, two!]) {
          const again = yield* Effect.flip(Streams.serverSent(client.base, "/api/v1/streaming/user", ann.token))
          assert.include(again.message, "403 {\"error\":\"Your login is currently disabled\"}")
        }
      }).pipe(Effect.scoped)
    ), 60_000)
})
