/** Guessing passwords: how often, from where, and in how much memory. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import * as ClientAddress from "../src/http/ClientAddress.ts"
import * as Attempts from "../src/oauth/Attempts.ts"
import { makeBrowser } from "@rookery/testkit/Browser"
import { type Client, withFront } from "./frontWorld.ts"

const makeLogIn = (client: Client) =>
  Effect.map(client.register(), (app) => (username: string, password: string, from?: string) =>
    client.call("POST", "/oauth/token", {
      form: { grant_type: "password", client_id: app.client_id, client_secret: app.client_secret, username, password },
      ...(from === undefined ? {} : { headers: { "x-forwarded-for": from } })
    }))

const statuses = <E>(calls: ReadonlyArray<Effect.Effect<{ readonly status: number }, E>>) =>
  Effect.map(Effect.all(calls), (replies) => replies.map(({ status }) => status))

const repeat = <A>(value: A, times: number) => Array.from({ length: times }, () => value)

describe("logins", () => {
  it.live("are refused for an account after so many wrong passwords, whichever name is used, and say when", () =>
    withFront((client) =>
      Effect.gen(function*() {
        yield* client.signUp("ann")
        yield* client.signUp("bob")
        const logIn = yield* makeLogIn(client)
        assert.deepStrictEqual(yield* statuses([logIn("ann", "x"), logIn("ann", "correct horse")]), [400, 200])
        assert.deepStrictEqual(yield* statuses([...repeat(logIn("ann", "x"), 2), logIn("ann@rookery.example", "x")]), [400, 400, 400])
        const before = Date.now()
        const refused = yield* logIn("ann", "correct horse")
        assert.deepStrictEqual([refused.status, refused.body], [429, { error: "Too many requests" }])
        assert.deepStrictEqual([refused.headers.get("x-ratelimit-limit"), refused.headers.get("x-ratelimit-remaining")], ["3", "0"])
        const reset = Date.parse(refused.headers.get("x-ratelimit-reset")!)
        assert.isTrue(reset > before && reset <= before + 300_000)
        assert.isAbove(Number(refused.headers.get("retry-after")), 0)
        assert.strictEqual((yield* logIn("bob", "correct horse")).status, 200)
        // The same count holds on the page.
        const browser = makeBrowser(client.base)
        const app = yield* client.register()
        const ask = { client_id: app.client_id, response_type: "code", redirect_uri: "urn:ietf:wg:oauth:2.0:oob" }
        const login = yield* browser.visit(`/oauth/authorize?${new URLSearchParams(ask).toString()}`)
        const page = yield* browser.press(login, "log_in", { username: "ann", password: "correct horse" })
        assert.deepStrictEqual([page.status, page.headers.get("x-ratelimit-remaining")], [429, "0"])
        // An account that does not exist behaves alike.
        assert.deepStrictEqual(yield* statuses(repeat(logIn("nobody", "x"), 4)), [400, 400, 400, 429])
      }), { limits: { loginFailuresPerAccount: 3 } }))

  it.live("are refused for an address after so many, as trusted proxies name it", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const logIn = yield* makeLogIn(client)
        const guesses = (from: string) => statuses(["a", "b", "c"].map((name) => logIn(name, "x", from)))
        assert.deepStrictEqual(yield* guesses("203.0.113.1"), [400, 400, 429])
        assert.deepStrictEqual(yield* guesses("198.51.100.9, 203.0.113.2, 10.1.2.3"), [400, 400, 429])
        // What a client writes itself, before what the proxies add, changes nothing.
        assert.deepStrictEqual(yield* guesses("1.2.3.4, 203.0.113.2"), [429, 429, 429])
        assert.deepStrictEqual(yield* statuses(["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:3::"].map((from, n) => logIn(`d${n}`, "x", from))), [400, 400, 429])
      }), { limits: { loginFailuresPerAddress: 2 }, settings: { trustedProxies: ["127.0.0.1", "10.0.0.0/8"] } }))
})

const requestFrom = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded } }) as unknown as IncomingMessage

describe("a client's address", () => {
  it("is the peer's, unless the peer is a proxy of ours", () => {
    const addressOf = ClientAddress.make(["10.0.0.0/8", "fd00::/8"])
    assert.strictEqual(addressOf(requestFrom("203.0.113.1", "1.1.1.1")), "203.0.113.1")
    assert.strictEqual(addressOf(requestFrom("::ffff:10.0.0.1", "1.1.1.1")), "1.1.1.1")
    assert.strictEqual(addressOf(requestFrom("fd00::1", "2001:db8::1, 10.0.0.2")), "2001:db8::1")
    assert.strictEqual(addressOf(requestFrom("10.0.0.1", "nonsense, 10.0.0.2")), "10.0.0.2")
    assert.strictEqual(addressOf(requestFrom("10.0.0.1")), "10.0.0.1")
    assert.strictEqual(ClientAddress.networkOf("2001:db8::ff"), "2001:db8:0:0")
    assert.strictEqual(ClientAddress.networkOf("::1"), "0:0:0:0")
    assert.strictEqual(ClientAddress.networkOf("203.0.113.1"), "203.0.113.1")
  })
})

describe("counted attempts", () => {
  it("begin anew with each window, and never take more memory than they may", () => {
    let time = 0
    const attempts = Attempts.make(100, 3, () => time)
    assert.isUndefined(attempts.take("a", 2))
    assert.isUndefined(attempts.take("a", 2))
    time = 99
    assert.deepStrictEqual(attempts.take("a", 2), { limit: 2, resetAt: 100 })
    attempts.giveBack("a")
    assert.isUndefined(attempts.take("a", 2))
    time = 100
    assert.isUndefined(attempts.take("a", 1))
    assert.isDefined(attempts.take("a", 1))
    for (let n = 0; n < 1_000; n++) attempts.take(`b${n}`, 1)
    assert.strictEqual(attempts.size(), 3)
    time = 500
    attempts.take("c", 1)
    assert.strictEqual(attempts.size(), 1)
  })
})
