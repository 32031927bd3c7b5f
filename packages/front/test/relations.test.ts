/** Follows, blocks, mutes, requests and what hangs on them, over HTTP; every answer is held against the contract. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"
import * as Streams from "./streams.ts"

/** Shorthands that check each answer's shape. */
const speak = (client: Client) => {
  const change = (by: Someone, other: Someone, name: string, json: object = {}) =>
    Effect.map(client.ok("POST", `/api/v1/accounts/${other.id}/${name}`, { token: by.token, json }), (relation) => {
      assert.deepStrictEqual(problems("Relationship", relation), [])
      return relation
    })
  const relation = (by: Someone, other: Someone) =>
    Effect.map(client.ok("GET", `/api/v1/accounts/relationships?id[]=${other.id}`, { token: by.token }), ([row]) => {
      assert.deepStrictEqual(problems("Relationship", row), [])
      return row
    })
  const people = (by: Someone, path: string, entity = "Account") =>
    Effect.map(client.ok("GET", path, { token: by.token }), (list: ReadonlyArray<{ readonly id: string }>) => {
      for (const account of list) assert.deepStrictEqual(problems(entity, account), [])
      return list.map((account) => account.id)
    })
  const lock = (by: Someone) => client.ok("PATCH", "/api/v1/accounts/update_credentials", { token: by.token, json: { locked: true } })
  return { change, relation, people, lock }
}

const three = (client: Client) => Effect.all([client.signUp("ann"), client.signUp("bob"), client.signUp("eve")])

describe("relations over HTTP", () => {
  it.live("a block ends follows both ways, is refused to be followed across, and shows on both sides", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { change, people, relation } = speak(client)
        const [ann, bob, eve] = yield* three(client)
        yield* change(ann, bob, "follow")
        yield* change(bob, ann, "follow")
        yield* change(ann, eve, "block")
        assert.deepInclude(yield* change(ann, bob, "block"), { blocking: true, following: false, followed_by: false })
        assert.deepInclude(yield* relation(bob, ann), { blocked_by: true, following: false, followed_by: false })
        for (const [by, other] of [[bob, ann], [ann, bob]] as const) {
          const refused = yield* client.call("POST", `/api/v1/accounts/${other.id}/follow`, { token: by.token })
          assert.deepStrictEqual([refused.status, problems("Error", refused.body)], [403, []])
        }
        assert.deepStrictEqual(yield* people(ann, "/api/v1/blocks"), [bob.id, eve.id])
        const paged = yield* client.call("GET", "/api/v1/blocks?limit=1", { token: ann.token })
        const next = /<https:\/\/rookery\.example([^>]+)>; rel="next", <[^>]+min_id=\d+>; rel="prev"$/.exec(paged.headers.get("link") ?? "")
        assert.deepStrictEqual(yield* people(ann, next![1]!), [eve.id])
        assert.deepInclude(yield* change(ann, bob, "unblock"), { blocking: false })
        assert.deepInclude(yield* change(bob, ann, "follow"), { following: true })
        assert.strictEqual((yield* client.call("POST", `/api/v1/accounts/${ann.id}/block`, { token: ann.token })).status, 403)
      })))

  it.live("a mute says its terms, also as forms send them, and is listed with its end", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { change, people } = speak(client)
        const [ann, bob, eve] = yield* three(client)
        assert.deepInclude(yield* change(ann, bob, "mute"), { muting: true, muting_notifications: true, muting_expires_at: null })
        const path = `/api/v1/accounts/${eve.id}/mute`
        const muted = yield* client.ok("POST", path, { token: ann.token, form: { notifications: "0", duration: "3600" } })
        assert.deepInclude(muted, { muting: true, muting_notifications: false })
        assert.closeTo(Date.parse(muted.muting_expires_at), Date.now() + 3_600_000, 60_000)
        assert.deepStrictEqual(yield* people(ann, "/api/v1/mutes", "MutedAccount"), [eve.id, bob.id])
        const [first] = yield* client.ok("GET", "/api/v1/mutes?limit=1", { token: ann.token })
        assert.strictEqual(first.mute_expires_at, muted.muting_expires_at)
        assert.deepInclude(yield* change(ann, eve, "unmute"), { muting: false, muting_notifications: false, muting_expires_at: null })
        const broken = yield* client.call("POST", path, { token: ann.token, json: { duration: "soon" } })
        assert.strictEqual(broken.status, 422)
      })))

  it.live("whoever waits for an answer is accepted when the account is unlocked", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { lock, relation } = speak(client)
        const [ann, bob, eve] = yield* three(client)
        yield* lock(ann)
        for (const fan of [bob, eve]) yield* client.ok("POST", `/api/v1/accounts/${ann.id}/follow`, { token: fan.token })
        const post = yield* client.post(ann, "for followers", { visibility: "private" })
        assert.deepInclude(yield* relation(bob, ann), { requested: true, following: false })
        yield* client.ok("PATCH", "/api/v1/accounts/update_credentials", { token: ann.token, json: { locked: false } })
        for (const fan of [bob, eve]) {
          yield* eventually(relation(fan, ann), ({ following, requested }) => following && !requested)
          const home = client.ok("GET", "/api/v1/timelines/home", { token: fan.token })
          yield* eventually(home, (list: ReadonlyArray<{ id: string }>) => list.some((status) => status.id === post.id))
        }
        assert.deepStrictEqual(yield* client.ok("GET", "/api/v1/follow_requests", { token: ann.token }), [])
      })))

  it.live("who follows a locked account asks; the request is listed, accepted or rejected, and can be taken back", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { change, lock, people, relation } = speak(client)
        const [ann, bob, eve] = yield* three(client)
        yield* lock(ann)
        const post = yield* client.post(ann, "for followers", { visibility: "private" })
        assert.deepInclude(yield* change(bob, ann, "follow"), { following: false, requested: true })
        yield* change(eve, ann, "follow")
        assert.deepInclude(yield* relation(ann, bob), { requested_by: true, followed_by: false })
        const { source } = yield* client.ok("GET", "/api/v1/accounts/verify_credentials", { token: ann.token })
        assert.strictEqual(source.follow_requests_count, 2)
        assert.deepStrictEqual(yield* people(ann, "/api/v1/follow_requests"), [eve.id, bob.id])
        const answer = (id: string, name: string) => client.call("POST", `/api/v1/follow_requests/${id}/${name}`, { token: ann.token })
        const accepted = yield* answer(bob.id, "authorize")
        assert.deepStrictEqual([accepted.status, problems("Relationship", accepted.body), accepted.body.followed_by], [200, [], true])
        const home = client.ok("GET", "/api/v1/timelines/home", { token: bob.token })
        assert.deepStrictEqual((yield* home).map((status: { id: string }) => status.id), [post.id])
        assert.strictEqual((yield* answer(eve.id, "reject")).body.requested_by, false)
        assert.strictEqual((yield* answer(eve.id, "authorize")).status, 404)
        yield* change(eve, ann, "follow")
        assert.deepInclude(yield* change(eve, ann, "unfollow"), { requested: false })
        assert.deepInclude(yield* change(ann, bob, "remove_from_followers"), { followed_by: false })
        assert.deepStrictEqual(yield* home, [])
      })))

  it.live("a follow keeps its flags; without reposts their wrappers stay away from home, and come back", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { change } = speak(client)
        const [ann, bob, eve] = yield* three(client)
        const flags = { reblogs: false, notify: true, languages: ["de", "en"] }
        assert.deepInclude(yield* change(ann, bob, "follow", flags), {
          showing_reblogs: false, notifying: true, languages: ["de", "en"]
        })
        const post = yield* client.post(eve, "worth repeating")
        yield* client.ok("POST", `/api/v1/statuses/${post.id}/reblog`, { token: bob.token })
        const own = yield* client.post(bob, "my own")
        const home = Effect.map(client.ok("GET", "/api/v1/timelines/home", { token: ann.token }), (list) =>
          list.map((status: { id: string; reblog: { id: string } | null }) => status.reblog?.id ?? status.id))
        yield* eventually(home, (ids) => ids.includes(own.id))
        assert.deepStrictEqual(yield* home, [own.id])
        assert.deepInclude(yield* change(ann, bob, "follow", { reblogs: true }), { showing_reblogs: true, notifying: true })
        assert.deepStrictEqual(yield* home, [own.id, post.id])
        assert.deepInclude(yield* change(ann, bob, "follow", { languages: [] }), { languages: null })
        yield* change(ann, bob, "unfollow")
        assert.deepInclude(yield* change(ann, bob, "follow"), { showing_reblogs: true, notifying: false, languages: null })
      })))

  it.live("a follow for some languages keeps the others from home, and from the stream, until it is for all again", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { change } = speak(client)
        const [ann, bob, eve] = yield* three(client)
        yield* change(ann, bob, "follow", { languages: ["de-AT", "FR"] })
        const posts = yield* Effect.forEach(["de", "en", "fr", undefined], (language) =>
          client.post(bob, `in ${language}`, language === undefined ? {} : { language }))
        const english = yield* client.post(eve, "hers", { language: "en" })
        const wrapper = yield* client.ok("POST", `/api/v1/statuses/${english.id}/reblog`, { token: bob.token })
        const ids = posts.map((post) => post.id as string)
        const home = Effect.map(client.ok("GET", "/api/v1/timelines/home", { token: ann.token }), (list: ReadonlyArray<{ id: string }>) =>
          list.map((status) => status.id).reverse())
        const wanted = [ids[0], ids[2], ids[3]]
        yield* eventually(home, (list) => JSON.stringify(list) === JSON.stringify(wanted))
        const stream = yield* Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: ann.token })
        yield* client.post(bob, "not heard", { language: "en" })
        const heard = yield* client.post(bob, "heard", { language: "de" })
        const [first] = yield* Streams.events(stream, "update", 1)
        assert.strictEqual(JSON.parse(first!.payload).id, heard.id)
        const page = yield* client.ok("GET", "/api/v1/timelines/home?limit=2", { token: ann.token })
        assert.deepStrictEqual(page.map((status: { id: string }) => status.id), [heard.id, ids[3]], "gaps are filled up")
        assert.strictEqual((yield* client.ok("GET", `/api/v1/accounts/${bob.id}/statuses`, { token: ann.token })).length, 7)
        yield* change(ann, bob, "follow", { languages: [] })
        assert.includeMembers(yield* home, [...ids, wrapper.id])
      }).pipe(Effect.scoped)), 60_000)

  it.live("notes are one's own; endorsed are only those one follows; familiar followers are whom one follows too", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { change, people, relation } = speak(client)
        const [ann, bob, eve] = yield* three(client)
        assert.deepInclude(yield* change(ann, bob, "note", { comment: "owes me a pint" }), { note: "owes me a pint" })
        assert.deepInclude(yield* relation(eve, bob), { note: "" })
        assert.deepInclude(yield* change(ann, bob, "note"), { note: "" })
        assert.strictEqual((yield* client.call("POST", `/api/v1/accounts/${bob.id}/endorse`, { token: ann.token })).status, 422)
        yield* change(ann, bob, "follow")
        yield* change(bob, eve, "follow")
        assert.deepInclude(yield* change(ann, bob, "endorse"), { endorsed: true })
        assert.deepStrictEqual(yield* people(eve, `/api/v1/accounts/${ann.id}/endorsements`), [bob.id])
        assert.deepStrictEqual(yield* people(ann, "/api/v1/endorsements"), [bob.id])
        const familiar = yield* client.ok("GET", `/api/v1/accounts/familiar_followers?id[]=${eve.id}&id[]=${bob.id}`, { token: ann.token })
        for (const entry of familiar) assert.deepStrictEqual(problems("FamiliarFollowers", entry), [])
        assert.deepStrictEqual(familiar.map((entry: { accounts: ReadonlyArray<{ id: string }> }) => entry.accounts.map(({ id }) => id)), [[bob.id], []])
        assert.deepInclude(yield* change(ann, bob, "unfollow"), { endorsed: false })
        assert.deepStrictEqual(yield* people(ann, "/api/v1/endorsements"), [])
      })))

  it.live("scopes are kept apart: who may follow may not block, and the old `follow` may all of it", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const bob = yield* client.signUp("bob")
        const tokenFor = (scope: string) =>
          Effect.gen(function*() {
            const { client_id, client_secret } = yield* client.register("read write follow")
            const login = { grant_type: "password", username: "bob@rookery.example", password: "correct horse", client_id, client_secret, scope }
            return (yield* client.ok("POST", "/oauth/token", { json: login })).access_token as string
          })
        const eve = yield* client.signUp("eve")
        const status = (token: string, name: string) =>
          Effect.map(client.call("POST", `/api/v1/accounts/${eve.id}/${name}`, { token }), (reply) => reply.status)
        const narrow = yield* tokenFor("write:follows")
        assert.deepStrictEqual([yield* status(narrow, "follow"), yield* status(narrow, "block"), yield* status(narrow, "mute")], [200, 403, 403])
        const old = yield* tokenFor("follow")
        assert.deepStrictEqual([yield* status(old, "mute"), yield* status(old, "block")], [200, 200])
        assert.strictEqual((yield* client.call("GET", "/api/v1/blocks", { token: narrow })).status, 403)
        assert.strictEqual((yield* client.call("GET", "/api/v1/blocks")).status, 401)
        assert.isString(bob.id)
      })))
})
