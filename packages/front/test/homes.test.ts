/** Any front answers any request: those of accounts with another home are passed to it, streams included. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "node:http"
import { makeBrowser, pkce } from "@rookery/testkit/Browser"
import { type Client, eventually } from "./frontWorld.ts"
import { cutOff, type Datacenter, withWorld } from "./homeWorld.ts"
import * as Streams from "./streams.ts"

const callback = "https://client.example/cb"

const limit = 120_000
const patience = 30_000

type Three = readonly [Datacenter, Datacenter, Datacenter]

const tokenBy = (client: Client, app: { client_id: string; client_secret: string }, fields: Record<string, string>) =>
  client.call("POST", "/oauth/token", { form: { client_id: app.client_id, client_secret: app.client_secret, ...fields } })

/** Sends a body in chunks without a length, as no `fetch` does it. */
const chunked = (client: Client, method: string, path: string, token: string, chunks: ReadonlyArray<string>) =>
  Effect.callback<{ status: number; text: string }>((resume) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const sent = request(client.base + path, { method, headers: { ...headers, "transfer-encoding": "chunked" } }, (response) => {
      let text = ""
      response.on("data", (chunk) => void (text += String(chunk)))
      response.on("end", () => resume(Effect.succeed({ status: response.statusCode!, text })))
    })
    for (const chunk of chunks) sent.write(chunk)
    sent.end()
  })

describe("an account at the fronts of other datacenters", () => {
  it.live("reads and writes there as at home", () =>
    withWorld(({ all }) =>
      Effect.gen(function*() {
        const [east, west, south] = all as unknown as Three
        const ann = yield* east.client.signUp("ann")
        assert.match(ann.token, /^0\.[\w-]{43}$/)
        const me = yield* west.client.ok("GET", "/api/v1/accounts/verify_credentials", { token: ann.token })
        assert.strictEqual(me.id, ann.id)
        const post = yield* west.client.post(ann, "from the west")
        const chunks = ["{\"status\":\"in ", "pieces\"}"]
        const inPieces = yield* chunked(west.client, "POST", "/api/v1/statuses", ann.token, chunks)
        assert.strictEqual(inPieces.status, 200, inPieces.text)
        const page = yield* south.client.call("GET", "/api/v1/timelines/home?limit=1", { token: ann.token })
        assert.strictEqual(page.body[0].id, JSON.parse(inPieces.text).id)
        assert.include(page.headers.get("link")!, "rel=\"next\"")
        const head = yield* south.client.call("HEAD", "/api/v1/timelines/home?limit=1", { token: ann.token })
        assert.strictEqual(head.headers.get("content-length"), String(page.text.length))
        yield* west.client.ok("PATCH", "/api/v1/accounts/update_credentials", { token: ann.token, multipart: { display_name: "Änn" } })
        const named = yield* east.client.ok("GET", `/api/v1/accounts/${ann.id}`, {})
        assert.strictEqual(named.display_name, "Änn")
        const inQuery = yield* west.client.ok("GET", `/api/v1/statuses/${post.id}?access_token=${ann.token}`)
        assert.strictEqual(inQuery.id, post.id)
        const inBody = yield* west.client.ok("POST", "/api/v1/statuses", { form: { access_token: ann.token, status: "token in the body" } })
        assert.strictEqual(inBody.account.id, ann.id)
        yield* south.client.ok("DELETE", `/api/v1/statuses/${post.id}`, { token: ann.token })
        assert.strictEqual((yield* east.client.call("GET", `/api/v1/statuses/${post.id}`)).status, 404)
        assert.strictEqual((yield* west.client.call("GET", "/api/v1/accounts/verify_credentials", { token: `0.${"x".repeat(43)}` })).status, 401)
      })), limit)

  it.live("answers what needs no home where it is asked, whoever's token comes along", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [east, west] = world.all as unknown as Three
        const ann = yield* east.client.signUp("ann")
        const bob = yield* west.client.signUp("bob")
        const post = yield* west.client.post(bob, "public")
        cutOff(world, 0)
        yield* west.client.ok("GET", "/api/v2/instance", { token: ann.token })
        assert.strictEqual((yield* west.client.ok("GET", `/api/v1/statuses/${post.id}`)).id, post.id)
        assert.strictEqual((yield* west.client.ok("GET", `/api/v1/accounts/${bob.id}`)).id, bob.id)
        const asNobody = yield* west.client.call("GET", `/api/v1/statuses/${post.id}`, { token: ann.token })
        assert.deepStrictEqual([asNobody.status, asNobody.body?.id], [200, post.id])
        assert.strictEqual(asNobody.headers.get("x-rookery-home"), "unreachable")
        const hidden = yield* west.client.post(bob, "for followers", { visibility: "private" })
        assert.strictEqual((yield* west.client.call("GET", `/api/v1/statuses/${hidden.id}`, { token: ann.token })).status, 404)
      })), limit)

  it.live("streams: events come through, and each side learns that the other ended", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [east, west] = world.all as unknown as Three
        const ann = yield* east.client.signUp("ann")
        const token = ann.token
        const socket = yield* Streams.socket(west.client.base, "/api/v1/streaming?stream=user", { token })
        const byProtocol = yield* Streams.socket(west.client.base, "/api/v1/streaming", { protocol: token })
        byProtocol.send({ type: "subscribe", stream: "user" })
        const events = yield* Streams.serverSent(west.client.base, "/api/v1/streaming/user", token)
        const resumable = yield* Streams.serverSent(west.client.base, "/api/x/stream", token)
        const post = yield* east.client.post(ann, "heard in the west")
        for (const reader of [socket, events, resumable]) {
          const [update] = yield* Streams.events(reader, "update", 1)
          assert.strictEqual(JSON.parse(update!.payload).id, post.id)
        }
        const open = east.relay.size()
        for (const reader of [events, resumable]) reader.close()
        yield* eventually(Effect.sync(() => east.relay.size()), (size) => size <= open - 4, patience)
        const refused = yield* Effect.flip(Streams.socket(west.client.base, "/api/v1/streaming?stream=user", { token: `0.${"x".repeat(43)}` }))
        assert.include(refused.message, "401")
        yield* Effect.forkChild(east.stop)
        assert.strictEqual((yield* Streams.ended(socket)).code, 1012)
      })), limit)

  it.live("streams whose way is cut without a word end, so that their readers come back", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [east, west] = world.all as unknown as Three
        const { token } = yield* east.client.signUp("ann")
        const events = yield* Streams.serverSent(west.client.base, "/api/x/stream", token)
        east.relay.stall()
        yield* Streams.ended(events)
      })), limit)

  it.live("a front that stops tells the streams that run through it to come back", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [east, west] = world.all as unknown as Three
        const { token } = yield* east.client.signUp("ann")
        const socket = yield* Streams.socket(west.client.base, "/api/v1/streaming?stream=user", { token })
        const events = yield* Streams.serverSent(west.client.base, "/api/v1/streaming/user", token)
        yield* Effect.forkChild(west.stop)
        assert.strictEqual((yield* Streams.ended(socket)).code, 1012)
        yield* Streams.ended(events)
        yield* eventually(Effect.sync(() => east.relay.size()), (size) => size === 0, patience)
      })), limit)

  it.live("logs in by name, by address and on the page, with a program that was registered elsewhere", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [east, west, south] = world.all as unknown as Three
        const ann = yield* east.client.signUp("ann")
        yield* west.tellOf(ann, "ann")
        const app = yield* south.client.ok("POST", "/api/v1/apps", {
          json: { client_name: "Bird", redirect_uris: [callback], scopes: "read write" }
        })
        for (const username of ["ann", "ann@rookery.example"]) {
          const given = yield* tokenBy(west.client, app, { grant_type: "password", username, password: "correct horse" })
          assert.match(given.body.access_token, /^0\./, given.text)
          const wrong = yield* tokenBy(west.client, app, { grant_type: "password", username, password: "wrong horse" })
          assert.strictEqual(wrong.body.error, "invalid_grant")
        }
        const { challenge, verifier } = pkce()
        const ask = new URLSearchParams({
          client_id: app.client_id,
          response_type: "code",
          redirect_uri: callback,
          code_challenge: challenge,
          code_challenge_method: "S256"
        })
        const browser = makeBrowser(west.client.base)
        const consent = yield* browser.logIn(yield* browser.visit(`/oauth/authorize?${ask.toString()}`), "ann")
        assert.include(consent.text, "@ann")
        assert.match([...browser.jar.values()].join(), /^0\.[\w-]{43}$/)
        const back = yield* browser.press(consent, "allow")
        const code = new URL(back.location ?? "").searchParams.get("code")!
        const given = yield* tokenBy(south.client, app, { grant_type: "authorization_code", redirect_uri: callback, code, code_verifier: verifier })
        const me = yield* west.client.ok("GET", "/api/v1/accounts/verify_credentials", { token: given.body.access_token })
        assert.strictEqual(me.id, ann.id)
        const revoked = yield* west.client.call("POST", "/oauth/revoke", {
          form: { client_id: app.client_id, client_secret: app.client_secret, token: given.body.access_token }
        })
        assert.strictEqual(revoked.status, 200)
        const after = yield* south.client.call("GET", "/api/v1/accounts/verify_credentials", { token: given.body.access_token })
        assert.strictEqual(after.status, 401)
        const again = yield* browser.press(yield* browser.visit(`/oauth/authorize?${ask.toString()}`), "log_out")
        yield* west.client.signUp("bob")
        const asBob = yield* browser.logIn(yield* browser.visit(again.location ?? ""), "bob")
        assert.include(asBob.text, "@bob", "who was somebody of another datacenter can log in as somebody of this one")
        const annAgain = makeBrowser(west.client.base)
        yield* annAgain.logIn(yield* annAgain.visit(`/oauth/authorize?${ask.toString()}`), "ann")
        cutOff(world, 0)
        const asked = yield* annAgain.visit(`/oauth/authorize?${ask.toString()}`)
        assert.include((yield* annAgain.logIn(asked, "bob")).text, "@bob", "also while that datacenter is away")
      })), limit)

  it.live("says within bounds that a home cannot be reached, stops nobody else, and goes on after", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [east, west] = world.all as unknown as Three
        const ann = yield* east.client.signUp("ann")
        const bob = yield* west.client.signUp("bob")
        const mine = { token: ann.token }
        cutOff(world, 0)
        for (const [method, path] of [["GET", "/api/v1/timelines/home"], ["POST", "/api/v1/statuses"]] as const) {
          const refused = yield* west.client.call(method, path, method === "GET" ? mine : { ...mine, form: { status: "lost" } })
          assert.strictEqual(refused.status, 503)
          assert.include(refused.body.error, "home to this account cannot be reached")
          assert.isAtLeast(Number(refused.headers.get("retry-after")), 1)
        }
        const noStream = yield* Effect.flip(Streams.socket(west.client.base, "/api/v1/streaming?stream=user", mine))
        assert.include(noStream.message, "503")
        yield* west.client.post(bob, "life goes on")
        east.relay.set("hang")
        const silent = yield* west.client.call("GET", "/api/v1/timelines/home", mine)
        assert.strictEqual(silent.status, 503)
        cutOff(world, 0, false)
        yield* eventually(west.client.call("GET", "/api/v1/timelines/home", mine), ({ status }) => status === 200, patience)
      })), limit)

  it.live("a request that was passed already is not passed again", () =>
    withWorld(({ all }) =>
      Effect.gen(function*() {
        const [east, west] = all as unknown as Three
        const { token } = yield* east.client.signUp("ann")
        const headers = { "x-rookery-passed-by": "south" }
        const refused = yield* west.client.call("GET", "/api/v1/timelines/home", { token, headers })
        assert.strictEqual(refused.status, 508)
      })), limit)

  it.live("a name that is decided elsewhere is refused with the reason while nobody can be asked, and others are given", () =>
    withWorld((world) =>
      Effect.gen(function*() {
        const [, west] = world.all as unknown as Three
        const token = yield* west.client.appToken()
        const signUp = (username: string) =>
          west.client.call("POST", "/api/v1/accounts", {
            token,
            form: { username, email: `${username}@rookery.example`, password: "correct horse", agreement: "1", locale: "en" }
          })
        cutOff(world, 0)
        const answers = yield* Effect.forEach(Array.from({ length: 12 }, (_, n) => `person_${n}`), signUp)
        const refused = answers.filter(({ status }) => status !== 200)
        assert.isAbove(refused.length, 0)
        assert.isBelow(refused.length, answers.length)
        for (const { body, status } of refused) {
          assert.strictEqual(status, 503)
          assert.include(body.error, "east, which gives out this name")
        }
      })), limit)
})
