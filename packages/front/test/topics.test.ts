/** The public timeline, tags, and conversations. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { type Client, eventually, withFront } from "./frontWorld.ts"

const ids = (list: ReadonlyArray<{ id: string }>): Array<string> => list.map((item) => item.id)

const valid = (entity: string, list: ReadonlyArray<unknown>): void => {
  for (const item of list) assert.deepStrictEqual(problems(entity, item), [])
}

/** Reads a timeline in pages of three, to its end. */
const walk = (client: Client, path: string) =>
  Effect.gen(function*() {
    const found: Array<string> = []
    let last = ""
    while (true) {
      const page = yield* client.ok("GET", `${path}${path.includes("?") ? "&" : "?"}limit=3${last}`)
      valid("Status", page)
      found.push(...ids(page))
      if (page.length < 3) return found
      last = `&max_id=${found[found.length - 1]}`
    }
  })

describe("topics", () => {
  it.live("everybody's posts: public, no reposts, no answers to others, none deleted, in one order through every page", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        // The ring is there before anything is published: what follows comes by fan-out.
        assert.deepStrictEqual(yield* client.ok("GET", "/api/v1/timelines/public"), [])
        const posts = yield* Effect.forEach(Array.from({ length: 8 }), (_, i) => client.post(i % 2 === 0 ? ann : bob, `post ${i}`))
        yield* client.post(ann, "quiet", { visibility: "unlisted" })
        yield* client.post(ann, "closed", { visibility: "private" })
        yield* client.post(ann, "@bob direct", { visibility: "direct" })
        yield* client.post(bob, "an answer", { in_reply_to_id: posts[0].id })
        yield* client.ok("POST", `/api/v1/statuses/${posts[0].id}/reblog`, { token: bob.token })
        const own = yield* client.post(ann, "and further", { in_reply_to_id: posts[0].id })
        yield* client.ok("DELETE", `/api/v1/statuses/${posts[3].id}`, { token: bob.token })
        const expected = [own.id, ...ids(posts).toReversed().filter((id) => id !== posts[3].id)]
        yield* eventually(walk(client, "/api/v1/timelines/public?local=true"), (found) => found.join() === expected.join())
        const above = yield* client.ok("GET", `/api/v1/timelines/public?limit=2&min_id=${posts[0].id}`)
        assert.deepStrictEqual(ids(above), [posts[2].id, posts[1].id])
        assert.deepStrictEqual(yield* client.ok("GET", "/api/v1/timelines/public?remote=true"), [])
        yield* client.ok("POST", `/api/v1/accounts/${bob.id}/block`, { token: ann.token })
        const seen = yield* client.ok("GET", "/api/v1/timelines/public", { token: ann.token })
        assert.isTrue(seen.length > 0 && seen.every((status: { account: { id: string } }) => status.account.id === ann.id))
      })))

  it.live("a tag's posts follow edits and deletions, and other tags narrow and widen them", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const path = "/api/v1/timelines/tag/TEA"
        assert.deepStrictEqual(yield* client.ok("GET", path), [])
        const tea = yield* client.post(ann, "#tea")
        const both = yield* client.post(ann, "#Tea #milk")
        const milk = yield* client.post(ann, "#milk")
        const gone = yield* client.post(ann, "#tea soon gone")
        yield* client.post(ann, "#tea", { visibility: "unlisted" })
        const holds = (at: string, expected: ReadonlyArray<{ id: string }>) =>
          eventually(walk(client, at), (found) => found.join() === ids(expected).join())
        yield* holds(path, [gone, both, tea])
        yield* holds(`${path}?any[]=milk`, [gone, milk, both, tea])
        yield* holds(`${path}?all[]=milk`, [both])
        yield* holds(`${path}?none[]=milk`, [gone, tea])
        yield* client.ok("DELETE", `/api/v1/statuses/${gone.id}`, { token: ann.token })
        yield* client.ok("PUT", `/api/v1/statuses/${tea.id}`, { token: ann.token, json: { status: "#coffee" } })
        yield* client.ok("PUT", `/api/v1/statuses/${milk.id}`, { token: ann.token, json: { status: "#tea after all" } })
        yield* holds(path, [milk, both])
        yield* holds("/api/v1/timelines/tag/coffee", [tea])
        const tag = yield* client.ok("GET", "/api/v1/tags/Tea")
        valid("Tag", [tag])
        assert.deepStrictEqual([tag.name, tag.history.length, tag.history[0].uses, tag.history[0].accounts], ["tea", 7, "2", "1"])
        assert.strictEqual((yield* client.call("GET", "/api/v1/timelines/tag/123")).status, 404)
      })))

  it.live("a ring that is shorter than its topic goes on in the database", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const posts = yield* Effect.forEach(Array.from({ length: 430 }), (_, i) => client.post(ann, `#many ${i}`), { concurrency: 20 })
        const expected = ids(posts).toSorted((a, b) => BigInt(a) < BigInt(b) ? 1 : -1)
        const found: Array<string> = []
        while (true) {
          const page = yield* client.ok("GET", `/api/v1/timelines/tag/many?limit=40${found.length === 0 ? "" : `&max_id=${found.at(-1)}`}`)
          found.push(...ids(page))
          if (page.length < 40) break
        }
        assert.deepStrictEqual(found, expected)
      })), 60_000)
})

describe("conversations", () => {
  it.live("each thread with the same people is one, latest first, read and removed by oneself alone", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* client.signUp("ann"), yield* client.signUp("bob"), yield* client.signUp("eve")]
        const of = (who: { token: string }) => client.ok("GET", "/api/v1/conversations", { token: who.token })
        const first = yield* client.post(ann, "@bob hello", { visibility: "direct" })
        const other = yield* client.post(ann, "@bob something else", { visibility: "direct" })
        const answer = yield* client.post(bob, "@ann hello", { visibility: "direct", in_reply_to_id: first.id })
        const mine = yield* of(ann)
        valid("Conversation", mine)
        assert.deepStrictEqual(mine.map((one: { last_status: { id: string } }) => one.last_status.id), [answer.id, other.id])
        assert.deepStrictEqual(mine.map((one: { unread: boolean }) => one.unread), [true, false])
        assert.deepStrictEqual(mine.map((one: { accounts: ReadonlyArray<{ id: string }> }) => ids(one.accounts)), [[bob.id], [bob.id]])
        assert.deepStrictEqual(yield* of(eve), [])
        const read = yield* client.ok("POST", `/api/v1/conversations/${mine[0].id}/read`, { token: ann.token })
        valid("Conversation", [read])
        assert.isFalse(read.unread)
        assert.strictEqual((yield* client.call("POST", `/api/v1/conversations/${mine[0].id}/read`, { token: eve.token })).status, 404)
        yield* client.ok("DELETE", `/api/v1/statuses/${answer.id}`, { token: bob.token })
        assert.deepStrictEqual((yield* of(ann)).map((one: { last_status: { id: string } }) => one.last_status.id), [other.id, first.id])
        yield* client.ok("DELETE", `/api/v1/conversations/${mine[1].id}`, { token: ann.token })
        assert.lengthOf(yield* of(ann), 1)
        assert.lengthOf(yield* of(bob), 2)
        yield* client.ok("POST", `/api/v1/accounts/${ann.id}/block`, { token: bob.token })
        assert.deepStrictEqual(yield* of(bob), [])
      })))
})
