/** What caches before the front may keep, and how often posts are looked at. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { eventually, withFront } from "./frontWorld.ts"

const isShared = /^public, max-age=(6[0-9]|[7-9][0-9]|1[0-7][0-9]|180), stale-while-revalidate=[0-9]+$/

describe("the edge", () => {
  it.live("keeps what anybody may see when nobody in particular asks, and nothing else", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const post = yield* client.post(ann, "hello")
        const closed = yield* client.post(ann, "closed", { visibility: "private" })
        const paths = [
          `/api/x/posts?ids=${closed.id},${post.id},999`,
          `/api/v1/statuses?id[]=${post.id}`,
          `/api/v1/accounts/${ann.id}`,
          `/api/v1/accounts/${ann.id}/statuses`
        ]
        for (const path of paths) {
          const first = yield* client.call("GET", path)
          assert.match(first.headers.get("cache-control")!, isShared, path)
          assert.notInclude(first.text, closed.id)
          const tag = first.headers.get("etag")!
          const again = yield* client.call("GET", path, { headers: { "if-none-match": `"other", ${tag}` } })
          assert.deepStrictEqual([again.status, again.text, again.headers.get("etag")], [304, "", tag])
          const own = yield* client.call("GET", path, { token: bob.token, headers: { "if-none-match": tag } })
          assert.deepStrictEqual([own.status, own.headers.get("cache-control"), own.headers.get("etag")], [200, "private, no-store", null])
          assert.strictEqual(own.headers.get("vary"), "Authorization")
          const byQuery = yield* client.call("GET", `${path}${path.includes("?") ? "&" : "?"}access_token=${ann.token}`)
          assert.strictEqual(byQuery.headers.get("cache-control"), "private, no-store")
        }
        const changed = yield* client.call("GET", paths[0]!)
        yield* client.ok("PUT", `/api/v1/statuses/${post.id}`, { token: ann.token, json: { status: "better" } })
        const fresh = yield* client.call("GET", paths[0]!, { headers: { "if-none-match": changed.headers.get("etag")! } })
        assert.strictEqual(fresh.status, 200)
        assert.strictEqual((yield* client.call("GET", "/api/v1/timelines/public")).headers.get("cache-control"), "private, no-store")
      })))

  it.live("batches up to 128 posts, in the order asked for, by the rules of whoever asks", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const posts = [yield* client.post(ann, "one"), yield* client.post(ann, "two", { visibility: "private" }), yield* client.post(ann, "@bob three", { visibility: "direct" })]
        const path = `/api/x/posts?ids=${posts.map((post) => post.id).toReversed().join(",")}`
        const seen = (token?: string) => Effect.map(client.ok("GET", path, token === undefined ? {} : { token }), (list) => {
          for (const status of list) assert.deepStrictEqual(problems("Status", status), [])
          return list.map((status: { id: string }) => posts.findIndex((post) => post.id === status.id))
        })
        assert.deepStrictEqual([yield* seen(ann.token), yield* seen(bob.token), yield* seen()], [[2, 1, 0], [2, 0], [0]])
        const many = (count: number) => `/api/x/posts?ids=${Array.from({ length: count }, (_, i) => i + 1).join(",")}`
        assert.deepStrictEqual([(yield* client.call("GET", many(128))).status, (yield* client.call("GET", many(129))).status], [200, 422])
        assert.strictEqual((yield* client.call("GET", "/api/x/posts?ids=x")).status, 422)
      })))

  it.live("views are counted when posts are looked at, and written in batches", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const post = yield* client.post(ann, "look")
        const closed = yield* client.post(ann, "closed", { visibility: "private" })
        for (let i = 0; i < 3; i++) yield* client.ok("GET", `/api/v1/statuses/${post.id}`)
        yield* client.ok("GET", `/api/x/posts?ids=${post.id}`)
        const views = client.ok("GET", `/api/x/posts/${post.id}/views`)
        const answer = yield* eventually(views, ({ views: count }) => count >= 4)
        assert.deepStrictEqual(answer, { id: post.id, views: 4 })
        assert.strictEqual((yield* client.call("GET", `/api/x/posts/${closed.id}/views`)).status, 404)
      }), { limits: { viewsMillis: 20 } }))
})
