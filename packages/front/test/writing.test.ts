/** How clients send things, and that what is repeated happens once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"

describe("writes", () => {
  it.live("are made once for an Idempotency-Key, and again without one", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bob = yield* client.signUp("bob")
        const publish = (token: string, key?: string) =>
          client.ok("POST", "/api/v1/statuses", {
            token,
            form: { status: "once" },
            ...(key === undefined ? {} : { headers: { "idempotency-key": key } })
          })
        const key = "a key, longer than most: ".repeat(40)
        const first = yield* publish(ann.token, key)
        const together = yield* Effect.forEach([1, 2, 3], () => publish(ann.token, key), { concurrency: 3 })
        assert.deepStrictEqual(together.map(({ id }) => id), [first.id, first.id, first.id])
        assert.deepStrictEqual([first, ...together].map(({ account }) => account.statuses_count), [1, 1, 1, 1])
        assert.notStrictEqual((yield* publish(bob.token, key)).id, first.id, "keys are each person's own")
        const second = yield* publish(ann.token)
        assert.notStrictEqual(second.id, first.id)
        assert.strictEqual(second.account.statuses_count, 2)
        assert.lengthOf(yield* client.ok("GET", `/api/v1/accounts/${ann.id}/statuses`), 2)
      })))

  it.live("come as JSON with ids beyond 2^53, as forms and as multipart, with booleans of all kinds", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const { token } = ann
        const parent = yield* client.post(ann, "parent")
        const raw = `{"status":"re","in_reply_to_id":${parent.id},"sensitive":"1"}`
        const json = yield* client.ok("POST", "/api/v1/statuses", { token, raw, headers: { "content-type": "application/json" } })
        assert.deepStrictEqual([json.in_reply_to_id, json.sensitive], [parent.id, true])
        const form = yield* client.ok("POST", "/api/v1/statuses/", { token, form: { status: "ä + &", sensitive: "0", "media_ids[]": "" } })
        assert.deepStrictEqual([form.content, form.sensitive], ["<p>ä + &amp;</p>", false])
        const multipart = yield* client.ok("POST", "/api/v1/statuses", { token, multipart: { status: "line 1\r\nline 2", in_reply_to_id: parent.id, sensitive: "true" } })
        assert.deepStrictEqual([multipart.content, multipart.sensitive], ["<p>line 1<br />line 2</p>", true])
        const many = yield* client.ok("GET", `/api/v1/statuses?id[]=${json.id}&id[]=${form.id}&id[]=1`)
        assert.deepStrictEqual(many.map(({ id }: { id: string }) => id), [json.id, form.id])
      })))

  it.live("keep to the limit as people count: graphemes, and addresses as 23", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        yield* client.post(ann, "👨‍👩‍👧‍👦".repeat(500))
        yield* client.post(ann, `${"x".repeat(476)} https://example.org/${"y".repeat(300)}`)
        const over = yield* client.call("POST", "/api/v1/statuses", { token: ann.token, json: { status: "👨‍👩‍👧‍👦".repeat(501) } })
        assert.strictEqual(over.status, 422)
      })))
})

describe("a suspended account", () => {
  it.live("loses its token, its page and its posts", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const post = yield* client.post(ann, "hello")
        yield* (yield* Moderators.make(client)).suspend(ann)
        const status = (path: string, token?: string) =>
          Effect.map(client.call("GET", path, token === undefined ? {} : { token }), (reply) => reply.status)
        assert.strictEqual(yield* status("/api/v1/timelines/home", ann.token), 403)
        assert.deepInclude(yield* client.ok("GET", `/api/v1/accounts/${ann.id}`), { suspended: true, display_name: "", statuses_count: 0 })
        assert.deepStrictEqual(yield* client.ok("GET", `/api/v1/accounts/${ann.id}/statuses`), [])
        assert.strictEqual(yield* status(`/api/v1/statuses/${post.id}`), 404)
      })))
})
