/** The main job over HTTP: sign up, post, follow, read. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { type Client, eventually } from "./frontWorld.ts"

const ids = (list: ReadonlyArray<{ readonly id: string }>) => list.map((status) => status.id)

/** By two new people, whose names begin so. */
export const journey = (client: Client, prefix: string) =>
  Effect.gen(function*() {
    const ann = yield* client.signUp(`${prefix}_ann`)
    const bob = yield* client.signUp(`${prefix}_bob`)
    const first = yield* client.post(ann, "first <b>&</b>\n\nhttps://example.org/a?b=c.")
    assert.include(first.content, "<p>first &lt;b&gt;&amp;&lt;/b&gt;</p><p><a href=\"https://example.org/a?b=c\"")
    assert.strictEqual(first.account.statuses_count, 1)
    const follow = yield* client.ok("POST", `/api/v1/accounts/${ann.id}/follow`, { token: bob.token })
    assert.isTrue(follow.following)
    const second = yield* client.post(ann, "second")
    const home = client.ok("GET", "/api/v1/timelines/home", { token: bob.token })
    const page = yield* eventually(home, (list) => list.length === 2)
    assert.deepStrictEqual(ids(page), [second.id, first.id])
    assert.deepStrictEqual(ids(yield* client.ok("GET", `/api/v1/accounts/${ann.id}/statuses`)), [second.id, first.id])
    const paged = yield* client.call("GET", "/api/v1/timelines/home?limit=1", { token: bob.token })
    assert.strictEqual(
      paged.headers.get("link"),
      `<https://rookery.example/api/v1/timelines/home?limit=1&max_id=${second.id}>; rel="next", ` +
        `<https://rookery.example/api/v1/timelines/home?limit=1&min_id=${second.id}>; rel="prev"`
    )
  })
