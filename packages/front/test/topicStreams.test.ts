/** Streams of topics and of conversations. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { withFront, withFronts } from "./frontWorld.ts"
import * as Streams from "./streams.ts"

const idOf = ({ payload }: Streams.Received): string => JSON.parse(payload).id

describe("streams of topics", () => {
  it.live("bring public posts, their edits and deletions to every front, under each name that is listened to", () =>
    withFronts(2, ([client, other]) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* client!.signUp("ann"), yield* client!.signUp("bob"), yield* client!.signUp("eve")]
        yield* client!.ok("POST", `/api/v1/accounts/${ann.id}/block`, { token: eve.token })
        const many = yield* Streams.socket(other!.base, "/api/v1/streaming?stream=public:local", { token: bob.token })
        many.send({ type: "subscribe", stream: "hashtag", tag: "TEA" })
        const barred = yield* Streams.socket(other!.base, "/api/v1/streaming?stream=public", { token: eve.token })
        const sse = yield* Streams.serverSent(client!.base, "/api/v1/streaming/hashtag/local?tag=Tea", bob.token)
        yield* client!.post(bob, "to know by that the subscriptions stand #tea")
        yield* Streams.events(many, "update", 2)
        yield* Streams.events(sse, "update", 1)
        const post = yield* client!.post(ann, "of #Tea")
        yield* client!.post(ann, "quiet #tea", { visibility: "unlisted" })
        yield* client!.post(ann, "closed #tea", { visibility: "private" })
        const found = (yield* Streams.events(many, "update", 4)).slice(2)
        assert.deepStrictEqual(found.map(idOf), [post.id, post.id])
        assert.sameDeepMembers(found.map(({ stream }) => stream), [["public:local"], ["hashtag", "tea"]])
        assert.deepStrictEqual(problems("Status", JSON.parse(found[0]!.payload)), [])
        assert.strictEqual(idOf((yield* Streams.events(sse, "update", 2))[1]!), post.id)
        yield* client!.ok("PUT", `/api/v1/statuses/${post.id}`, { token: ann.token, json: { status: "more #tea" } })
        const [edited] = yield* Streams.events(sse, "status.update", 1)
        assert.include(JSON.parse(edited!.payload).content, "more ")
        yield* client!.ok("DELETE", `/api/v1/statuses/${post.id}`, { token: ann.token })
        assert.strictEqual((yield* Streams.events(many, "delete", 2))[0]!.payload, post.id)
        const last = yield* client!.post(bob, "the last")
        yield* Streams.events(many, "update", 5)
        assert.lengthOf(many.received.filter(({ event }) => event === "update"), 5)
        assert.deepStrictEqual((yield* Streams.events(barred, "update", 2)).map(idOf).at(-1), last.id)
        assert.notInclude(barred.received.filter(({ event }) => event === "update").map(idOf), post.id)
      }).pipe(Effect.scoped)
    ), 60_000)

  it.live("a direct post brings each of those who take part their conversation, and nobody else anything", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* client.signUp("ann"), yield* client.signUp("bob"), yield* client.signUp("eve")]
        const open = (token: string) => Streams.socket(client.base, "/api/v1/streaming?stream=direct", { token })
        const streams = [yield* open(ann.token), yield* open(bob.token), yield* open(eve.token)] as const
        const notices = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user:notification", { token: bob.token })
        const post = yield* client.post(ann, "@bob psst", { visibility: "direct" })
        for (const [i, unread] of [[0, false], [1, true]] as const) {
          const [event] = yield* Streams.events(streams[i], "conversation", 1)
          const conversation = JSON.parse(event!.payload)
          assert.deepStrictEqual(problems("Conversation", conversation), [])
          assert.deepStrictEqual([conversation.unread, conversation.last_status.id], [unread, post.id])
        }
        const [notice] = yield* Streams.events(notices, "notification", 1)
        assert.deepStrictEqual([JSON.parse(notice!.payload).type, JSON.parse(notice!.payload).status.id], ["mention", post.id])
        yield* client.post(ann, "@eve now you", { visibility: "direct" })
        assert.lengthOf(yield* Streams.events(streams[2], "conversation", 1), 1)
        assert.lengthOf(streams[1].received, 1)
      }).pipe(Effect.scoped)
    ), 60_000)

  it.live("mentions are told of once, edits included, and not when the author is blocked", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* client.signUp("ann"), yield* client.signUp("bob"), yield* client.signUp("eve")]
        yield* client.ok("POST", `/api/v1/accounts/${ann.id}/block`, { token: eve.token })
        const post = yield* client.post(ann, "@bob @eve @ann hello @bob")
        yield* client.ok("PUT", `/api/v1/statuses/${post.id}`, { token: ann.token, json: { status: "@bob again" } })
        const of = (who: { token: string }) => client.ok("GET", "/api/v1/notifications?types[]=mention", { token: who.token })
        const [mention, ...more] = yield* of(bob)
        assert.deepStrictEqual(problems("Notification", mention), [])
        assert.deepStrictEqual([mention.status.id, more], [post.id, []])
        assert.deepStrictEqual([yield* of(eve), yield* of(ann)], [[], []])
      })))
})
