/** Whatever is sent: a 4xx with the contract's error body, never a 5xx, never a stack trace. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect } from "node:net"
import { problems } from "./contract.ts"
import { type Call, type Client, type Reply, type Someone, withFront } from "./frontWorld.ts"

type Row = readonly [expected: number, method: string, path: string, call?: Call]

const isRefusal = (reply: Reply, where: string): void => {
  assert.isAtLeast(reply.status, 400, where)
  assert.isBelow(reply.status, 500, `${where}: ${reply.text}`)
  assert.match(reply.headers.get("content-type") ?? "", /^application\/json/, where)
  assert.deepStrictEqual(problems("Error", reply.body), [], where)
  assert.notMatch(reply.text, /\bat .*\.(ts|js):\d+/, where)
}

const walk = (client: Client, rows: ReadonlyArray<Row>) =>
  Effect.forEach(rows, ([expected, method, path, call]) =>
    Effect.map(client.call(method, path, call), (reply) => {
      const where = `${method} ${path.slice(0, 80)} ${JSON.stringify(call ?? {}).slice(0, 120)}`
      assert.strictEqual(reply.status, expected, `${where}: ${reply.text.slice(0, 200)}`)
      isRefusal(reply, where)
    }), { discard: true })

const json = { "content-type": "application/json" }

const anonymous: ReadonlyArray<Row> = [
  [404, "GET", "/"],
  [404, "GET", "/api/v1/nonsense"],
  [404, "GET", "/api/v1/statuses/1/2/3"],
  [404, "POST", "/%E0%A4%A"],
  [405, "DELETE", "/api/v1/timelines/home"],
  [405, "PATCH", "/api/v1/statuses/1"],
  [401, "GET", "/api/v1/timelines/home"],
  [401, "GET", "/api/v1/timelines/home", { token: "wrong" }],
  [401, "GET", "/api/v1/timelines/home", { token: "x".repeat(5_000) }],
  [401, "GET", "/api/v1/timelines/home", { headers: { authorization: "Basic abc" } }],
  [401, "GET", "/api/v1/timelines/home?access_token[]=a"],
  [401, "GET", "/api/v1/statuses/1", { token: "wrong" }],
  [404, "GET", "/api/v1/statuses/1"],
  [404, "GET", "/api/v1/statuses/abc"],
  [404, "GET", "/api/v1/statuses/99999999999999999999"],
  [404, "GET", "/api/v1/statuses/9223372036854775807"],
  [404, "GET", "/api/v1/statuses/-1"],
  [404, "GET", "/api/v1/statuses/1%00"],
  [404, "GET", "/api/v1/tags/a%00b"],
  [404, "GET", "/api/v1/statuses/1/context"],
  [404, "GET", "/api/v1/accounts/0"],
  [404, "GET", "/api/v1/accounts/1e3/statuses"],
  [404, "GET", "/api/v1/accounts/12345/followers"],
  [404, "GET", "/api/v1/accounts/lookup?acct=%00"],
  [404, "GET", "/api/v1/accounts/lookup?acct=nobody@elsewhere.example"],
  [422, "GET", "/api/v1/accounts?id[]=abc"],
  [422, "GET", "/api/v1/statuses?id[a]=1"],
  [422, "GET", "/api/v1/accounts/1/statuses?limit=many"],
  [422, "GET", "/api/v1/accounts/1/statuses?max_id=abc"],
  [422, "POST", "/api/v1/apps"],
  [422, "POST", "/api/v1/apps", { json: { client_name: "x", redirect_uris: "javascript:alert(1)" } }],
  [422, "POST", "/api/v1/apps", { json: { client_name: {}, redirect_uris: "urn:ietf:wg:oauth:2.0:oob" } }],
  [422, "POST", "/api/v1/apps", { json: { client_name: "x", redirect_uris: "urn:ietf:wg:oauth:2.0:oob", scopes: "everything" } }],
  [400, "POST", "/api/v1/apps", { raw: "{", headers: json }],
  [400, "POST", "/api/v1/apps", { raw: "[1]", headers: json }],
  [400, "POST", "/api/v1/apps", { raw: "\"x\"", headers: json }],
  [400, "POST", "/api/v1/apps", { raw: "--x\r\nbroken", headers: { "content-type": "multipart/form-data; boundary=y" } }],
  [415, "POST", "/api/v1/apps", { raw: "<a/>", headers: { "content-type": "application/xml" } }],
  [413, "POST", "/api/v1/apps", { raw: JSON.stringify({ client_name: "x".repeat(300_000) }), headers: json }],
  [400, "POST", "/oauth/token", { form: {} }],
  [400, "POST", "/oauth/token", { form: { grant_type: "something" } }],
  [401, "POST", "/oauth/token", { form: { grant_type: "authorization_code" } }],
  [401, "POST", "/oauth/token", { form: { grant_type: "client_credentials", client_id: "a\0b", client_secret: "c" } }],
  [403, "POST", "/oauth/revoke", { form: { client_id: "a", client_secret: "b", token: "c" } }],
  [401, "GET", "/api/v1/streaming"],
  [400, "GET", "/api/v1/streaming?stream=nothing"]
]

const personal = (ann: Someone, app: string, narrow: string): ReadonlyArray<Row> => {
  const token = ann.token
  const post = (body: unknown): Row => [422, "POST", "/api/v1/statuses", { token, json: body }]
  return [
    post({}),
    post({ status: "" }),
    post({ status: " \n " }),
    post({ status: "x".repeat(501) }),
    post({ status: "x", spoiler_text: "y".repeat(500) }),
    post({ status: 12 }),
    post({ status: { a: 1 } }),
    post({ status: "x", visibility: "secret" }),
    post({ status: "x", sensitive: "maybe" }),
    post({ status: "x", in_reply_to_id: [] }),
    post({ status: "x", poll: { options: ["a"] } }),
    post({ status: "x", media_ids: ["1"] }),
    post({ status: `a${"\u0301".repeat(20_000)}` }),
    [404, "POST", "/api/v1/statuses", { token, json: { status: "x", in_reply_to_id: "123" } }],
    [404, "PUT", "/api/v1/statuses/123", { token, json: { status: "x" } }],
    [404, "DELETE", "/api/v1/statuses/123", { token }],
    [404, "POST", "/api/v1/statuses/123/favourite", { token }],
    [404, "POST", "/api/v1/statuses/abc/reblog", { token }],
    [404, "POST", "/api/v1/accounts/123/follow", { token }],
    [403, "POST", `/api/v1/accounts/${ann.id}/follow`, { token }],
    [422, "GET", "/api/v1/accounts/relationships?id[]=x", { token }],
    [422, "PATCH", "/api/v1/accounts/update_credentials", { token, json: { display_name: "x".repeat(31) } }],
    [422, "PATCH", "/api/v1/accounts/update_credentials", { token, json: { locked: "perhaps" } }],
    [422, "GET", "/api/v1/timelines/home?limit=-1", { token }],
    [422, "GET", "/api/v1/timelines/home?min_id=x", { token }],
    [422, "GET", "/api/v1/timelines/home", { token: app }],
    [422, "POST", "/api/v1/accounts", { token: app, form: { username: "a b", email: "no", password: "short" } }],
    [422, "POST", "/api/v1/accounts", { token: app, form: { username: "ANN", email: "b@example.org", password: "correct horse", agreement: "true" } }],
    [404, "GET", "/api/v2/notifications/a%00b", { token }],
    [403, "POST", "/api/v1/statuses", { token: narrow, json: { status: "x" } }]
  ]
}

/** What a socket answers to raw bytes. */
const raw = (client: Client, bytes: string) =>
  Effect.callback<string>((resume) => {
    const { hostname, port } = new URL(client.base)
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    let answer = ""
    socket.on("data", (data) => void (answer += data))
    socket.on("error", () => resume(Effect.succeed(answer)))
    socket.on("close", () => resume(Effect.succeed(answer)))
  })

describe("bad input", () => {
  it.live("from nobody in particular", () => withFront((client) => walk(client, anonymous)))

  it.live("from people and programs", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const app = yield* client.register()
        const credentials = { client_id: app.client_id, client_secret: app.client_secret }
        const narrow = yield* client.ok("POST", "/oauth/token", {
          form: { ...credentials, grant_type: "password", username: "ann@rookery.example", password: "correct horse", scope: "read:accounts" }
        })
        yield* walk(client, personal(ann, yield* client.appToken(), narrow.access_token))
        yield* walk(client, [[400, "POST", "/oauth/token", { form: { ...credentials, grant_type: "password", username: "ann", password: "wrong" } }]])
        const taken = yield* client.call("POST", "/api/v1/accounts", {
          token: yield* client.appToken(),
          form: { username: "ann", email: "ann@rookery.example", password: "x", agreement: "0" }
        })
        assert.deepStrictEqual(problems("ValidationError", taken.body), [])
        assert.sameMembers(Object.keys(taken.body.details), ["username", "email", "password", "agreement"])
      })))

  it.live("whose bytes would be read as something else is refused, whatever it says in the end", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const send = (headers: Record<string, string>, raw = JSON.stringify({ client_name: "x", redirect_uris: "urn:ietf:wg:oauth:2.0:oob" })) =>
          Effect.map(client.call("POST", "/api/v1/apps", { raw, headers }), ({ body, status }) => [status, typeof body.error])
        const json = "application/json"
        assert.deepStrictEqual(yield* send({ "content-type": json, "content-encoding": "gzip" }), [415, "string"])
        assert.deepStrictEqual(yield* send({ "content-type": `${json}; charset=utf-16` }), [415, "string"])
        const ann = yield* client.signUp("ann")
        const picture = { token: ann.token, headers: { "content-type": "multipart/form-data; boundary=x", "content-encoding": "gzip" }, raw: "--x--" }
        assert.strictEqual((yield* client.call("POST", "/api/v2/media", picture)).status, 415)
        for (const type of [json, `${json}; charset=UTF-8`, `${json};charset="utf-8"`, `${json}; charset=us-ascii`]) {
          assert.deepStrictEqual(yield* send({ "content-type": type, "content-encoding": "identity" }), [200, "undefined"], type)
        }
      })))

  it.live("of 0 for an id is a bound below all: pages go upwards from it, or down to it", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const [older, newer] = [(yield* client.post(ann, "one")).id, (yield* client.post(ann, "two")).id]
        const page = (query: string) =>
          Effect.map(client.ok("GET", `/api/v1/timelines/home?${query}`, { token: ann.token }), (posts) => posts.map(({ id }: { id: string }) => id))
        assert.deepStrictEqual(yield* page("min_id=0"), [newer, older])
        assert.deepStrictEqual(yield* page("min_id=0&limit=1"), [older])
        assert.deepStrictEqual(yield* page("since_id=0&limit=1"), [newer])
        for (const path of ["bookmarks", "notifications", "conversations", "blocks"]) {
          yield* client.ok("GET", `/api/v1/${path}?min_id=0&since_id=0`, { token: ann.token })
        }
      })))

  it.live("of ids at the end of their range asks for an empty page", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { token } = yield* client.signUp("ann")
        for (const path of ["/api/v1/notifications", "/api/v2/notifications", "/api/v1/timelines/home", "/api/v1/bookmarks", "/api/v1/conversations"]) {
          yield* client.ok("GET", `${path}?min_id=9223372036854775807&since_id=9223372036854775807`, { token })
        }
      })))

  it.live("makes no header that clients refuse to read", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        yield* client.post(ann, "hello")
        const home = (length: number) => client.call("GET", `/api/v1/timelines/home?q=${"a".repeat(length)}`, { token: ann.token })
        assert.isNotNull((yield* home(1_000)).headers.get("link"))
        const page = yield* home(9_000)
        assert.deepStrictEqual([page.status, page.body.length, page.headers.get("link")], [200, 1, null])
      })))

  it.live("that is no HTTP", () =>
    withFront((client) =>
      Effect.gen(function*() {
        assert.match(yield* raw(client, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 [^]*\{"error":/)
        assert.match(yield* raw(client, `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
        const cut = yield* raw(client, "POST /api/v1/apps HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{")
        assert.match(yield* raw(client, "GET /health HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 [^]*\{"error":/)
        assert.match(yield* raw(client, "GET /health HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /)
        assert.match(yield* raw(client, "GET /health HTTP/1.1\r\nhost: x\r\nexpect: foo\r\n\r\n"), /^HTTP\/1\.1 417 [^]*\{"error":/)
        assert.match(cut, /^(HTTP\/1\.1 400 |$)/)
        assert.strictEqual((yield* client.call("GET", "/health")).text, "OK")
      })))
})
