/** Search as clients use it: what is found, by whom, and that pages hold all of it once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { index, limits } from "./discovery.ts"
import { type Client, eventually, type Reply, type Someone, withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"

const ids = (list: ReadonlyArray<{ id: string }>): Array<string> => list.map((item) => item.id)

const search = (client: Client, who: Someone | undefined, query: Record<string, string>) =>
  Effect.map(client.ok("GET", `/api/v2/search?${new URLSearchParams(query).toString()}`, who === undefined ? {} : { token: who.token }), (body) => {
    assert.deepStrictEqual(problems("Search", body), [])
    return body
  })

const statuses = (client: Client, who: Someone, q: string, more: Record<string, string> = {}) =>
  Effect.map(search(client, who, { q, type: "statuses", ...more }), (body) => ids(body.statuses))

/** Where the `Link` header leads. */
const linked = (link: string | null, rel: "next" | "prev"): string | undefined => {
  const url = new RegExp(`<([^>]+)>; rel="${rel}"`).exec(link ?? "")?.[1]
  return url === undefined ? undefined : new URL(url).pathname + new URL(url).search
}

const act = (client: Client, by: Someone, other: Someone, name: string) =>
  client.ok("POST", `/api/v1/accounts/${other.id}/${name}`, { token: by.token })

describe("search of posts", () => {
  it.live("shows each viewer what they may see: the table of visibilities and relations", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, fan, sam, bea, bob, moe] = yield* Effect.forEach(["ann", "fan", "sam", "bea", "bob", "moe"], (name) => client.signUp(name))
        for (const one of [fan!, bea!, bob!, moe!]) yield* act(client, one, ann!, "follow")
        const made = yield* Effect.forEach(["public", "unlisted", "private", "direct"], (visibility) =>
          client.post(ann!, `kiwi for @sam to ${visibility}`, { visibility }))
        const plain = yield* client.post(ann!, "kiwi for followers", { visibility: "private" })
        yield* index
        const all = [plain, ...made.toReversed()]
        yield* eventually(statuses(client, fan!, "kiwi"), (found) => found.length === 4)
        yield* act(client, ann!, bea!, "block")
        yield* act(client, bob!, ann!, "block")
        yield* act(client, moe!, ann!, "mute")
        assert.deepStrictEqual(yield* statuses(client, ann!, "kiwi"), ids(all))
        assert.deepStrictEqual(yield* statuses(client, fan!, "kiwi"), ids([plain, made[2], made[1], made[0]]))
        assert.deepStrictEqual(yield* statuses(client, sam!, "kiwi"), ids(made.toReversed()))
        for (const one of [bea!, bob!, moe!]) yield* eventually(statuses(client, one, "kiwi"), (found) => found.length === 0)
        assert.deepStrictEqual((yield* search(client, undefined, { q: "kiwi" })).statuses, [])
        yield* act(client, fan!, ann!, "unfollow")
        yield* eventually(statuses(client, fan!, "kiwi"), (found) => found.join() === made[0].id)
      }), { limits }))

  it.live("holds every match once through pages by ids, by links and by how many to leave out, past what is hidden", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* client.signUp("ann"), yield* client.signUp("bob"), yield* client.signUp("eve")]
        yield* act(client, bob, eve, "block")
        const posts = yield* Effect.forEach(Array.from({ length: 60 }), (_, i) => client.post(i % 3 === 0 ? eve : ann, `fig ${i}`))
        yield* client.ok("DELETE", `/api/v1/statuses/${posts[7].id}`, { token: ann.token })
        yield* index
        yield* client.ok("DELETE", `/api/v1/statuses/${posts[8].id}`, { token: ann.token })
        const expected = ids(posts.filter((_, i) => i % 3 !== 0 && i !== 7 && i !== 8).toReversed())
        const byIds: Array<string> = []
        const byOffset: Array<string> = []
        while (true) {
          const more: Record<string, string> = byIds.length === 0 ? {} : { max_id: byIds.at(-1)! }
          const page = yield* statuses(client, bob, "fig", { limit: "7", ...more })
          byIds.push(...page)
          if (page.length < 7) break
        }
        while (true) {
          const page = yield* statuses(client, bob, "fig", { limit: "7", offset: String(byOffset.length) })
          // What is posted meanwhile moves no page.
          yield* client.post(ann, "fig meanwhile")
          yield* index
          byOffset.push(...page)
          if (page.length < 7) break
        }
        assert.deepStrictEqual([byIds, byOffset], [expected, expected])
        const byLinks: Array<string> = []
        let at: string | undefined = `/api/v2/search?q=fig+-meanwhile&type=statuses&limit=9&offset=0`
        while (at !== undefined) {
          const reply: Reply = yield* client.call("GET", at, { token: bob.token })
          byLinks.push(...ids(reply.body.statuses))
          at = reply.body.statuses.length === 0 ? undefined : linked(reply.headers.get("link"), "next")
        }
        assert.deepStrictEqual(byLinks, expected)
        assert.deepStrictEqual(yield* statuses(client, bob, "fig", { min_id: expected[10]!, limit: "4" }), expected.slice(6, 10))
        assert.deepStrictEqual(
          yield* statuses(client, bob, "fig", { min_id: expected[10]!, max_id: expected[3]!, limit: "40" }),
          expected.slice(4, 10)
        )
        assert.deepStrictEqual(yield* statuses(client, bob, "fig -meanwhile", { offset: "35", limit: "40" }), expected.slice(35))
      }), { limits }))

  it.live("and of people shows nothing of the suspended until they are let in again", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const moderator = yield* Moderators.make(client)
        const post = yield* client.post(ann, "a lychee #lychee")
        yield* index
        const seen = Effect.map(search(client, bob, { q: "lychee" }), (body) => ids(body.statuses))
        const named = Effect.map(search(client, bob, { q: "ann" }), (body) => ids(body.accounts))
        assert.deepStrictEqual([yield* seen, yield* named], [[post.id], [ann.id]])
        yield* moderator.suspend(ann)
        yield* eventually(Effect.all([seen, named]), (found) => found.flat().length === 0)
        assert.deepStrictEqual((yield* search(client, undefined, { q: post.url })).statuses, [])
        yield* moderator.unsuspend(ann)
        yield* eventually(Effect.all([seen, named]), (found) => found.flat().length === 2)
      }), { limits }))

  it.live("follows edits at once, and knows who wrote, what was left out, and addresses", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const post = yield* client.post(ann, "a pomelo by ann")
        const his = yield* client.post(bob, "a pomelo by bob #fruit")
        yield* index
        yield* client.ok("PUT", `/api/v1/statuses/${post.id}`, { token: ann.token, json: { status: "a durian by ann" } })
        // Not taken up yet: the old words are no match any more.
        yield* eventually(statuses(client, bob, "pomelo"), (found) => found.join() === his.id)
        // Edits wait for every transaction of the server that began before them.
        yield* eventually(Effect.andThen(index, statuses(client, bob, "durian")), (found) => found.join() === post.id)
        assert.deepStrictEqual(yield* statuses(client, bob, "from:ann"), [post.id])
        assert.deepStrictEqual(yield* statuses(client, bob, "from:me pomelo"), [his.id])
        assert.deepStrictEqual(yield* statuses(client, ann, "-from:me by"), [his.id])
        assert.deepStrictEqual(yield* statuses(client, ann, "from:nobody"), [])
        assert.deepStrictEqual(yield* statuses(client, ann, "by", { account_id: bob.id }), [his.id])
        assert.deepStrictEqual(yield* statuses(client, ann, "#fruit"), [his.id])
        for (const q of ["", " ", "!!", "-"]) assert.deepStrictEqual(yield* statuses(client, ann, q), [])
        const at = (q: string, who?: Someone) => search(client, who, { q, type: "accounts" })
        assert.deepStrictEqual(ids((yield* at(post.url)).statuses), [post.id])
        assert.deepStrictEqual(ids((yield* at(post.uri, ann)).statuses), [post.id])
        assert.deepStrictEqual(ids((yield* at("https://rookery.example/@ANN")).accounts), [ann.id])
        assert.strictEqual((yield* at("https://rookery.example/tags/fruit")).hashtags[0].name, "fruit")
        assert.deepStrictEqual(yield* at(`https://rookery.example/@bob/${post.id}`), { accounts: [], hashtags: [], statuses: [] })
        const closed = yield* client.post(ann, "closed", { visibility: "private" })
        assert.deepStrictEqual([(yield* at(closed.url, bob)).statuses, ids((yield* at(closed.url, ann)).statuses)], [[], [closed.id]])
      }), { limits }))
})

describe("search of people and tags", () => {
  it.live("puts who is meant first, then those one follows, and leaves out who is blocked, muted or suspended", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const names = ["robin", "robinson", "robin_hood", "hood", "robina", "me"]
        const [robin, robinson, hood1, hood, robina, me] = yield* Effect.forEach(names, (name) => client.signUp(name))
        yield* client.ok("PATCH", "/api/v1/accounts/update_credentials", { token: hood!.token, json: { display_name: "Robin of Sherwood" } })
        yield* act(client, me!, hood!, "follow")
        yield* act(client, robin!, robinson!, "follow")
        const asked = (q: string, more = "", who = me!) =>
          Effect.map(client.ok("GET", `/api/v1/accounts/search?q=${encodeURIComponent(q)}${more}`, { token: who.token }), (list) => {
            for (const one of list) assert.deepStrictEqual(problems("Account", one), [])
            return ids(list)
          })
        assert.deepStrictEqual(yield* asked("robin"), ids([robin!, hood!, robinson!, hood1!, robina!]))
        assert.deepStrictEqual(yield* asked("@ROBIN@rookery.example"), ids([robin!, hood!, robinson!, hood1!, robina!]))
        assert.deepStrictEqual(yield* asked("robin", "&following=true"), [hood!.id])
        assert.deepStrictEqual(yield* asked("robin sher"), [hood!.id])
        assert.deepStrictEqual([...(yield* asked("robin", "&limit=2")), ...(yield* asked("robin", "&limit=2&offset=2")), ...(yield* asked("robin", "&offset=4"))],
          yield* asked("robin"))
        assert.deepStrictEqual(ids((yield* search(client, undefined, { q: "robin", type: "accounts" })).accounts), ids([robin!, robinson!, hood!, hood1!, robina!]))
        yield* act(client, me!, robin!, "block")
        yield* act(client, robinson!, me!, "block")
        yield* act(client, me!, robina!, "mute")
        yield* eventually(asked("robin"), (found) => found.join() === ids([hood!, hood1!]).join())
        assert.strictEqual((yield* client.call("GET", "/api/v1/accounts/search?q=robin")).status, 401)
      }), { limits }))

  it.live("finds tags by how they begin, the most used first, with their days; nobody pages without signing in", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        yield* client.post(ann, "#Teapot #tealeaf")
        yield* client.post(bob, "#teapot")
        yield* client.post(bob, "#tealeaves", { visibility: "private" })
        yield* client.post(bob, "#coffee")
        yield* index
        const { hashtags } = yield* search(client, undefined, { q: "#TEA" })
        assert.deepStrictEqual(hashtags.map((tag: { name: string }) => tag.name), ["teapot", "tealeaf"])
        assert.deepStrictEqual([hashtags[0].history.length, hashtags[0].history[0].uses, hashtags[0].history[0].accounts], [7, "2", "2"])
        assert.deepStrictEqual((yield* search(client, ann, { q: "tea", type: "hashtags", offset: "1" })).hashtags.map((tag: { name: string }) => tag.name), ["tealeaf"])
        for (const more of ["offset=1&type=accounts", "resolve=true"]) {
          const refused = yield* client.call("GET", `/api/v2/search?q=ann&${more}`)
          assert.deepStrictEqual([refused.status, problems("Error", refused.body)], [401, []])
        }
        assert.strictEqual((yield* client.call("GET", "/api/v2/search?q=x&type=wrong")).status, 422)
        assert.strictEqual((yield* client.call("GET", "/api/v2/search?q=x&type=statuses&offset=10001", { token: ann.token })).status, 422)
      }), { limits }))
})
