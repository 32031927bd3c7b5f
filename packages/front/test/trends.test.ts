/** Trends as clients see them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { computeTrends, limits } from "./discovery.ts"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"

const ids = (list: ReadonlyArray<{ id: string }>): Array<string> => list.map((item) => item.id)

const like = (client: Client, by: Someone, id: string) => client.ok("POST", `/api/v1/statuses/${id}/favourite`, { token: by.token })

describe("trends", () => {
  it.live("are tags and posts of several people, without what one may not or does not want to see", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob, eve, sam] = yield* Effect.forEach(["ann", "bob", "eve", "sam"], (name) => client.signUp(name))
        const first = yield* client.post(ann!, "#wave one")
        const second = yield* client.post(bob!, "#wave two")
        yield* client.post(eve!, "#alone and #alone again")
        yield* client.post(ann!, "#hush", { sensitive: true })
        yield* client.post(bob!, "#hush", { sensitive: true })
        for (const one of [bob!, eve!, sam!]) yield* like(client, one, first.id)
        for (const one of [ann!, eve!]) yield* like(client, one, second.id)
        assert.isTrue(yield* computeTrends)
        const get = (path: string, who?: Someone) => client.ok("GET", path, who === undefined ? {} : { token: who.token })
        const tags = yield* get("/api/v1/trends/tags")
        assert.deepStrictEqual(tags.map((tag: { name: string }) => tag.name), ["wave"])
        assert.deepStrictEqual(problems("Tag", tags[0]), [])
        assert.deepStrictEqual([tags[0].history[0].uses, tags[0].history[0].accounts, tags[0].history.length], ["2", "2", 7])
        assert.deepStrictEqual(yield* get("/api/v1/trends"), tags)
        assert.deepStrictEqual(yield* get("/api/v1/trends/tags?offset=1"), [])
        assert.deepStrictEqual(yield* get("/api/v1/trends/links"), [])
        const posts = yield* get("/api/v1/trends/statuses", sam)
        for (const post of posts) assert.deepStrictEqual(problems("Status", post), [])
        assert.deepStrictEqual(ids(posts), ids([first, second]))
        assert.deepStrictEqual(posts.map((post: { favourited: boolean }) => post.favourited), [true, false])
        assert.deepStrictEqual(ids(yield* get("/api/v1/trends/statuses?limit=1&offset=1")), [second.id])
        yield* client.ok("POST", `/api/v1/accounts/${ann!.id}/block`, { token: sam!.token })
        yield* eventually(get("/api/v1/trends/statuses", sam), (found) => ids(found).join() === second.id)
        yield* client.ok("PUT", `/api/v1/statuses/${first.id}`, { token: ann!.token, json: { status: "#wave one", sensitive: true } })
        yield* client.ok("DELETE", `/api/v1/statuses/${second.id}`, { token: bob!.token })
        // Gone before anything is computed anew.
        yield* eventually(get("/api/v1/trends/statuses"), (found) => found.length === 0)
        yield* computeTrends
        assert.deepStrictEqual(yield* get("/api/v1/trends/tags"), [])
      }), { limits }))
})
