/** What pages show and to whom, and that they are full until the true end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Client, eventually, type Reply, type Someone, withFront } from "./frontWorld.ts"

interface Status {
  readonly id: string
}

const idsOf = (list: ReadonlyArray<Status>): Array<string> => list.map(({ id }) => id)

const follow = (client: Client, by: Someone, whom: Someone) =>
  client.ok("POST", `/api/v1/accounts/${whom.id}/follow`, { token: by.token })

const home = (client: Client, by: Someone, query = "") =>
  client.ok("GET", `/api/v1/timelines/home${query}`, { token: by.token })

/** Follows `rel` links from the first page on; all ids in the order of the pages. */
const walk = (client: Client, by: Someone, path: string, rel: "next" | "prev") =>
  Effect.gen(function*() {
    const pages: Array<Array<string>> = []
    let at: string | undefined = path
    while (at !== undefined) {
      const reply: Reply = yield* client.call("GET", at, { token: by.token })
      pages.push(idsOf(reply.body))
      const link: string | undefined = new RegExp(`<https://rookery.example([^>]*)>; rel="${rel}"`).exec(reply.headers.get("link") ?? "")?.[1]
      at = reply.body.length === 0 ? undefined : link
    }
    return pages
  })

describe("pages", () => {
  it.live("visit every post once in both directions, around deleted ones, and are short at the end only", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bob = yield* client.signUp("bob")
        yield* follow(client, bob, ann)
        const posts = idsOf(yield* Effect.forEach(Array.from({ length: 23 }, (_, n) => n), (n) => client.post(ann, `post ${n}`)))
        const gone = posts.filter((_, n) => n >= 8 && n < 14)
        yield* eventually(home(client, bob, "?limit=40"), (list) => list.length === posts.length)
        for (const id of gone) yield* client.ok("DELETE", `/api/v1/statuses/${id}`, { token: ann.token })
        const left = posts.filter((id) => !gone.includes(id)).toReversed()
        for (const path of ["/api/v1/timelines/home", `/api/v1/accounts/${ann.id}/statuses`]) {
          const down = yield* walk(client, bob, `${path}?limit=5`, "next")
          assert.deepStrictEqual(down.map((page) => page.length), [5, 5, 5, 2, 0], path)
          assert.deepStrictEqual(down.flat(), left, path)
          const up = yield* walk(client, bob, `${path}?limit=5&min_id=1`, "prev")
          assert.deepStrictEqual(up.toReversed().flat(), left, path)
        }
        assert.deepStrictEqual(idsOf(yield* home(client, bob, `?since_id=${left[3]}&limit=2`)), left.slice(0, 2))
        assert.deepStrictEqual(idsOf(yield* home(client, bob, `?min_id=${left[3]}&limit=2`)), left.slice(1, 3))
        assert.strictEqual((yield* client.call("GET", `/api/v1/timelines/home?max_id=1`, { token: bob.token })).headers.get("link"), null)
      })))

  it.live("leave out what a reader may not see", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bob = yield* client.signUp("bob")
        const eve = yield* client.signUp("eve")
        yield* follow(client, bob, ann)
        const open = yield* client.post(ann, "unlisted", { visibility: "unlisted" })
        const followers = yield* client.post(ann, "private", { visibility: "private" })
        const own = yield* client.post(ann, "direct", { visibility: "direct" })
        yield* eventually(home(client, bob), (list) => list.length === 2)
        const seenBy = (someone: Someone | undefined, id: string) =>
          Effect.map(client.call("GET", `/api/v1/statuses/${id}`, someone === undefined ? {} : { token: someone.token }), ({ status }) => status)
        const matrix = yield* Effect.forEach([open, followers, own], ({ id }) =>
          Effect.forEach([ann, bob, eve, undefined], (someone) => seenBy(someone, id)))
        assert.deepStrictEqual(matrix, [[200, 200, 200, 200], [200, 200, 404, 404], [200, 404, 404, 404]])
        const path = `/api/v1/accounts/${ann.id}/statuses`
        assert.deepStrictEqual(idsOf(yield* client.ok("GET", path)), [open.id])
        assert.deepStrictEqual(idsOf(yield* client.ok("GET", path, { token: eve.token })), [open.id])
        assert.deepStrictEqual(idsOf(yield* client.ok("GET", path, { token: bob.token })), [followers.id, open.id])
        const liking = yield* client.call("POST", `/api/v1/statuses/${followers.id}/favourite`, { token: eve.token })
        assert.strictEqual(liking.status, 404)
        const sharing = yield* client.call("POST", `/api/v1/statuses/${followers.id}/reblog`, { token: bob.token })
        assert.strictEqual(sharing.status, 403)
      })))

  it.live("show reposts with what they wrap, and lose them with it", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bob = yield* client.signUp("bob")
        const eve = yield* client.signUp("eve")
        yield* follow(client, eve, bob)
        const post = yield* client.post(ann, "original")
        yield* client.ok("POST", `/api/v1/statuses/${post.id}/favourite`, { token: eve.token })
        const wrapper = yield* client.ok("POST", `/api/v1/statuses/${post.id}/reblog`, { token: bob.token })
        const again = yield* client.ok("POST", `/api/v1/statuses/${post.id}/reblog`, { token: bob.token })
        assert.strictEqual(again.id, wrapper.id, "a second repost is the first")
        const [seen] = yield* eventually(home(client, eve), (list) => list.length === 1)
        assert.deepStrictEqual([seen.id, seen.reblog.id, seen.reblog.favourited, seen.reblog.reblogged], [wrapper.id, post.id, true, false])
        const path = `/api/v1/accounts/${bob.id}/statuses`
        assert.lengthOf(yield* client.ok("GET", path), 1)
        assert.lengthOf(yield* client.ok("GET", `${path}?exclude_reblogs=1`), 0)
        yield* client.ok("DELETE", `/api/v1/statuses/${post.id}`, { token: ann.token })
        assert.deepStrictEqual(yield* home(client, eve), [])
        assert.strictEqual((yield* client.call("GET", `/api/v1/statuses/${wrapper.id}`)).status, 404)
      })))
})
