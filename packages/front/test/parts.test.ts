/** What posts name, what people keep of them, and who sees what is meant for few. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { type Client, type Someone, withFront } from "./frontWorld.ts"

const ids = (list: ReadonlyArray<{ id: string }>): Array<string> => list.map((item) => item.id)

const isStatus = (value: unknown): void => assert.deepStrictEqual(problems("Status", value), [])

const act = (client: Client, by: Someone, id: string, what: string) =>
  Effect.tap(client.ok("POST", `/api/v1/statuses/${id}/${what}`, { token: by.token }), (status) =>
    Effect.sync(() => isStatus(status)))

/** Where the `Link` header leads. */
const linked = (link: string | null, rel: "next" | "prev"): string => {
  const url = new RegExp(`<([^>]+)>; rel="${rel}"`).exec(link ?? "")?.[1]
  if (url === undefined) throw new Error(`no ${rel} in ${link}`)
  return new URL(url).pathname + new URL(url).search
}

describe("what posts name", () => {
  it.live("people and tags become links, entities and one notification each, also through an edit", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("Ann")
        const bob = yield* client.signUp("bob")
        const carl = yield* client.signUp("carl")
        const text = "hi @ANN @nobody #Tea <b> https://a.example/@bob"
        const post = yield* client.post(bob, text)
        isStatus(post)
        assert.strictEqual(
          post.content,
          "<p>hi <span class=\"h-card\" translate=\"no\"><a href=\"https://rookery.example/@Ann\" class=\"u-url mention\">@<span>Ann</span></a></span> " +
            "@nobody <a href=\"https://rookery.example/tags/tea\" class=\"mention hashtag\" rel=\"tag\">#<span>Tea</span></a> &lt;b&gt; " +
            "<a href=\"https://a.example/@bob\" rel=\"nofollow noopener noreferrer\" target=\"_blank\"><span class=\"invisible\">https://</span><span>a.example/@bob</span></a></p>"
        )
        assert.deepStrictEqual(post.mentions, [{ id: ann.id, username: "Ann", url: "https://rookery.example/@Ann", acct: "Ann" }])
        assert.deepStrictEqual(post.tags, [{ name: "tea", url: "https://rookery.example/tags/tea" }])
        assert.deepStrictEqual(yield* client.ok("GET", `/api/v1/statuses/${post.id}`), post)
        const edited = yield* client.ok("PUT", `/api/v1/statuses/${post.id}`, { token: bob.token, json: { status: "now @carl@rookery.example and #Coffee" } })
        isStatus(edited)
        assert.deepStrictEqual([edited.mentions.map((one: { id: string }) => one.id), edited.tags[0].name], [[carl.id], "coffee"])
        const history = yield* client.ok("GET", `/api/v1/statuses/${post.id}/history`)
        assert.lengthOf(history, 2)
        assert.deepStrictEqual(problems("StatusEdit", history[0]), [])
        const source = yield* client.ok("GET", `/api/v1/statuses/${post.id}/source`, { token: bob.token })
        assert.strictEqual(source.text, "now @carl@rookery.example and #Coffee")
      })))

  it.live("posts for few are seen by those whom they mention, answered by them, and by nobody else", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* client.signUp("ann"), yield* client.signUp("bob"), yield* client.signUp("eve")]
        const direct = yield* client.post(ann, "@bob psst #secret", { visibility: "direct" })
        const closed = yield* client.post(ann, "@bob for followers", { visibility: "private" })
        for (const { id } of [direct, closed]) {
          const status = (who?: Someone) => Effect.map(client.call("GET", `/api/v1/statuses/${id}`, who ?? {}), (reply) => reply.status)
          assert.deepStrictEqual([yield* status(ann), yield* status(bob), yield* status(eve), yield* status()], [200, 200, 404, 404])
          const answer = (who: Someone) => client.call("POST", "/api/v1/statuses", { token: who.token, json: { status: "re", in_reply_to_id: id, visibility: "direct" } })
          assert.deepStrictEqual([(yield* answer(bob)).status, (yield* answer(eve)).status], [200, 404])
        }
        assert.deepStrictEqual(yield* client.ok("GET", `/api/v1/accounts/${ann.id}/statuses?tagged=secret`, { token: bob.token }), [])
      })))

  it.live("an account's posts with one tag", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const first = yield* client.post(ann, "#Tea one")
        const closed = yield* client.post(ann, "#tea two", { visibility: "private" })
        yield* client.post(ann, "#coffee")
        const read = (token?: string) => client.ok("GET", `/api/v1/accounts/${ann.id}/statuses?tagged=TEA`, token === undefined ? {} : { token })
        assert.deepStrictEqual(ids(yield* read()), [first.id])
        assert.deepStrictEqual(ids(yield* read(ann.token)), [closed.id, first.id])
        yield* client.ok("DELETE", `/api/v1/statuses/${first.id}`, { token: ann.token })
        assert.deepStrictEqual(yield* read(), [])
      })))
})

describe("what people keep", () => {
  for (const [list, set, mark] of [["bookmarks", "bookmark", "bookmarked"], ["favourites", "favourite", "favourited"]] as const) {
    it.live(`${list}: set twice, listed latest first in full pages, and unset`, () =>
      withFront((client) =>
        Effect.gen(function*() {
          const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
          const posts = yield* Effect.forEach([1, 2, 3, 4, 5], (n) => client.post(ann, `post ${n}`))
          for (const post of posts) assert.isTrue((yield* act(client, bob, post.id, set))[mark])
          yield* act(client, bob, posts[0].id, set)
          yield* client.ok("DELETE", `/api/v1/statuses/${posts[3].id}`, { token: ann.token })
          const page = yield* client.call("GET", `/api/v1/${list}?limit=2`, { token: bob.token })
          page.body.forEach(isStatus)
          assert.isTrue(page.body[0][mark])
          const next = yield* client.ok("GET", linked(page.headers.get("link"), "next"), { token: bob.token })
          assert.deepStrictEqual([...ids(page.body), ...ids(next)], [4, 2, 1, 0].map((n) => posts[n].id))
          assert.isFalse((yield* act(client, bob, posts[0].id, `un${set}`))[mark])
          assert.lengthOf(yield* client.ok("GET", `/api/v1/${list}`, { token: bob.token }), 3)
          assert.deepStrictEqual(yield* client.ok("GET", `/api/v1/${list}`, { token: ann.token }), [])
        })))
  }

  it.live("pins: one's own public posts, five at most, shown first to everybody", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const posts = yield* Effect.forEach([1, 2, 3, 4, 5, 6], (n) => client.post(ann, `post ${n}`))
        const closed = yield* client.post(ann, "closed", { visibility: "private" })
        const pin = (by: Someone, id: string) => Effect.map(client.call("POST", `/api/v1/statuses/${id}/pin`, { token: by.token }), (reply) => reply.status)
        assert.deepStrictEqual([yield* pin(bob, posts[0].id), yield* pin(ann, closed.id)], [422, 422])
        const results = yield* Effect.all(posts.map((post) => pin(ann, post.id)), { concurrency: "unbounded" })
        assert.deepStrictEqual(results.toSorted((a, b) => a - b), [200, 200, 200, 200, 200, 422])
        const shown = yield* client.ok("GET", `/api/v1/accounts/${ann.id}/statuses?pinned=true`)
        assert.lengthOf(shown, 5)
        shown.forEach(isStatus)
        const own = yield* client.ok("GET", `/api/v1/statuses/${shown[0].id}`, { token: ann.token })
        assert.isTrue(own.pinned)
        assert.isFalse((yield* act(client, ann, shown[0].id, "unpin")).pinned)
        yield* client.ok("DELETE", `/api/v1/statuses/${shown[1].id}`, { token: ann.token })
        assert.deepStrictEqual(ids(yield* client.ok("GET", `/api/v1/accounts/${ann.id}/statuses?pinned=1`)), ids(shown.slice(2)))
      })))

  it.live("those who like and repost are listed in pages", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const people = yield* Effect.forEach(["ann", "bob", "carl", "dora"], client.signUp)
        const post = yield* client.post(people[0]!, "well liked")
        for (const [what, list] of [["favourite", "favourited_by"], ["reblog", "reblogged_by"]] as const) {
          for (const person of people.slice(1)) yield* act(client, person, post.id, what)
          const first = yield* client.call("GET", `/api/v1/statuses/${post.id}/${list}?limit=2`)
          const next = linked(first.headers.get("link"), "next")
          const second = yield* client.ok("GET", next)
          assert.deepStrictEqual([...ids(first.body), ...ids(second)], people.slice(1).map((person) => person.id).toReversed())
          const end = yield* client.call("GET", linked((yield* client.call("GET", next)).headers.get("link"), "next"))
          assert.deepStrictEqual([end.body, end.headers.get("link")], [[], null])
        }
      })))
})
