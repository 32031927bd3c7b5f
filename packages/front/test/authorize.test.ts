/** The authorize page as a person in a browser and the program behind it use it, and as others try to. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { formOf, makeBrowser, type Page, pkce } from "@rookery/testkit/Browser"
import { problems } from "./contract.ts"
import { type Client, withFront } from "./frontWorld.ts"

const oob = "urn:ietf:wg:oauth:2.0:oob"
const callback = "https://client.example/cb?from=rookery"

const register = (client: Client, scopes = "read write") =>
  client.ok("POST", "/api/v1/apps", { json: { client_name: "<Bird>", redirect_uris: [oob, callback, "bird:/cb"], scopes, website: "https://bird.example/x" } })

type App = Effect.Success<ReturnType<typeof register>>

const askOf = (app: App, more: Record<string, string> = {}): string =>
  `/oauth/authorize?${new URLSearchParams({ client_id: app.client_id, response_type: "code", redirect_uri: callback, ...more }).toString()}`

const tokenFor = (client: Client, app: App, code: string | null, more: Record<string, string> = {}) =>
  client.call("POST", "/oauth/token", {
    form: {
      grant_type: "authorization_code",
      client_id: app.client_id,
      client_secret: app.client_secret,
      redirect_uri: callback,
      code: code ?? "",
      ...more
    }
  })

const paramsOf = (page: Page) => new URL(page.location!).searchParams

/** Runs `use` with ann signed up, a program registered, and a browser. */
const withApp = <A, E>(use: (client: Client, app: App, browser: ReturnType<typeof makeBrowser>) => Effect.Effect<A, E>) =>
  withFront((client) =>
    Effect.gen(function*() {
      yield* client.signUp("ann")
      return yield* use(client, yield* register(client), makeBrowser(client.base))
    }))

describe("the authorize page", () => {
  it.live("lets a program in: log in, allow, and the code becomes a token", () =>
    withApp((client, app, browser) =>
      Effect.gen(function*() {
        const { challenge, verifier } = pkce()
        const state = "a b&c=\"<é>"
        const ask = askOf(app, { scope: "read:statuses write", state, code_challenge: challenge, code_challenge_method: "S256" })
        const login = yield* browser.visit(ask)
        assert.strictEqual(login.status, 200)
        assert.match(login.headers.get("set-cookie")!, /^rookery_authorize=[\w-]{43}; Path=\/oauth; HttpOnly; SameSite=Lax; Max-Age=3600; Secure$/)
        const consent = yield* browser.logIn(login, "ann@rookery.example")
        assert.include(consent.text, "@ann")
        assert.include(consent.text, "<strong>&lt;Bird&gt;</strong> (bird.example)")
        assert.include(consent.text, "<code>read:statuses</code>")
        const back = yield* browser.press(consent, "allow")
        assert.strictEqual(back.status, 303)
        assert.isTrue(back.location!.startsWith(`${callback}&code=`))
        assert.strictEqual(paramsOf(back).get("state"), state)
        const code = paramsOf(back).get("code")
        assert.strictEqual((yield* tokenFor(client, app, code)).status, 400)
        const given = yield* tokenFor(client, app, code, { code_verifier: verifier })
        assert.deepStrictEqual([given.status, given.body.scope, problems("Token", given.body)], [200, "read:statuses write", []])
        const token = given.body.access_token
        assert.strictEqual((yield* client.call("GET", "/api/v1/timelines/home", { token })).status, 200)
        const beyond = yield* client.call("GET", "/api/v1/accounts/verify_credentials", { token })
        assert.deepStrictEqual([beyond.status, beyond.body], [403, { error: "This action is outside the authorized scopes" }])
        // Once more with the same code: neither works any longer.
        const again = yield* tokenFor(client, app, code, { code_verifier: verifier })
        assert.deepStrictEqual([again.status, again.body.error], [400, "invalid_grant"])
        assert.strictEqual((yield* client.call("GET", "/api/v1/timelines/home", { token })).status, 401)
      })))

  it.live("shows the code to be carried over by hand, and knows the person when they come again", () =>
    withApp((client, app, browser) =>
      Effect.gen(function*() {
        const ask = askOf(app, { redirect_uri: oob })
        const consent = yield* browser.logIn(yield* browser.visit(ask), "ann")
        const shown = yield* browser.press(consent, "allow")
        const code = /<code class="code" id="code">([\w-]{43})<\/code>/.exec(shown.text)![1]!
        const basic = Buffer.from(`${app.client_id}:${app.client_secret}`).toString("base64")
        const form = { grant_type: "authorization_code", redirect_uri: oob, code }
        const given = yield* client.ok("POST", "/oauth/token", { form, headers: { authorization: `Basic ${basic}` } })
        assert.strictEqual(given.scope, "read")
        const me = yield* client.ok("GET", "/api/v1/accounts/verify_credentials", { token: given.access_token })
        assert.strictEqual(me.username, "ann")
        assert.include((yield* browser.visit(ask)).text, "value=\"allow\"")
        assert.include((yield* browser.visit(`${ask}&force_login=true`)).text, "value=\"log_in\"")
        const out = yield* browser.press(yield* browser.visit(ask), "log_out")
        assert.include((yield* browser.visit(out.location!)).text, "value=\"log_in\"")
      })))

  it.live("tells the program that the person denied", () =>
    withApp((_, app, browser) =>
      Effect.gen(function*() {
        const consent = yield* browser.logIn(yield* browser.visit(askOf(app, { redirect_uri: "bird:/cb", state: "s" })), "ann")
        assert.include(consent.headers.get("content-security-policy")!, "form-action 'self' bird:;")
        const back = yield* browser.press(consent, "deny")
        assert.isTrue(back.location!.startsWith("bird:/cb?error=access_denied&"))
        assert.strictEqual(paramsOf(back).get("state"), "s")
        const shown = yield* browser.press(yield* browser.visit(askOf(app, { redirect_uri: oob })), "deny")
        assert.include(shown.text, "was not given access")
      })))

  it.live("sends nobody to an address that the program did not register", () =>
    withApp((client, app, browser) =>
      Effect.gen(function*() {
        for (const redirect_uri of ["https://evil.example/", `${callback}/`, callback.slice(0, -1), "https://CLIENT.example/cb?from=rookery", ""]) {
          const page = yield* browser.visit(askOf(app, { redirect_uri }))
          assert.deepStrictEqual([page.status, page.location], [400, null], redirect_uri)
        }
        for (const redirect_uri of ["bird:/cb#here", "javascript:alert(1)", "/cb"]) {
          const reply = yield* client.call("POST", "/api/v1/apps", { json: { client_name: "x", redirect_uris: [redirect_uri] } })
          assert.strictEqual(reply.status, 422, redirect_uri)
        }
        assert.strictEqual((yield* browser.visit(askOf({ ...app, client_id: "nobody" }))).status, 400)
        const asJson = yield* client.call("GET", askOf(app, { redirect_uri: "https://evil.example/" }))
        assert.deepStrictEqual([asJson.status, asJson.body.error, problems("Error", asJson.body)], [400, "invalid_request", []])
      })))

  it.live("tells the program what is wrong with its request", () =>
    withApp((_, app, browser) =>
      Effect.gen(function*() {
        const { challenge } = pkce()
        const wrong: ReadonlyArray<readonly [Record<string, string>, string]> = [
          [{ response_type: "token" }, "unsupported_response_type"],
          [{ scope: "read write push" }, "invalid_scope"],
          [{ scope: "read:nothing" }, "invalid_scope"],
          [{ code_challenge: challenge }, "invalid_request"],
          [{ code_challenge: challenge, code_challenge_method: "plain" }, "invalid_request"],
          [{ code_challenge: "short", code_challenge_method: "S256" }, "invalid_request"],
          [{ code_challenge_method: "S256" }, "invalid_request"]
        ]
        for (const [more, error] of wrong) {
          const page = yield* browser.visit(askOf(app, { ...more, state: "s" }))
          assert.deepStrictEqual([page.status, paramsOf(page).get("error"), paramsOf(page).get("state")], [303, error, "s"], JSON.stringify(more))
        }
        assert.strictEqual((yield* browser.visit(askOf(app, { redirect_uri: oob, scope: "push" }))).status, 400)
      })))

  it.live("takes only forms of its own, in the browser that they were made for", () =>
    withApp((client, app, browser) =>
      Effect.gen(function*() {
        const ask = askOf(app)
        const consent = yield* browser.logIn(yield* browser.visit(ask), "ann")
        const form = formOf(consent, "allow")
        const forged = new URLSearchParams(form)
        forged.set("form_key", "0".repeat(64))
        assert.strictEqual((yield* browser.visit("/oauth/authorize", forged)).status, 403)
        const keyless = new URLSearchParams(form)
        keyless.delete("form_key")
        assert.strictEqual((yield* browser.visit("/oauth/authorize", keyless)).status, 403)
        const other = makeBrowser(client.base)
        assert.strictEqual((yield* other.visit("/oauth/authorize", form)).status, 403)
        // An attacker's own page, with the attacker's own key, in the victim's browser.
        const attacker = formOf(yield* other.visit(ask), "log_in")
        assert.strictEqual((yield* browser.visit("/oauth/authorize", attacker)).status, 403)
        // The cookie from before the login is no login: it cannot have been planted.
        const fresh = makeBrowser(client.base)
        const page = yield* fresh.visit(ask)
        const before = [...fresh.jar]
        yield* fresh.logIn(page, "ann")
        const planted = makeBrowser(client.base)
        for (const [name, value] of before) planted.jar.set(name, value)
        assert.include((yield* planted.visit(ask)).text, "value=\"log_in\"")
      })))

  it.live("runs nothing, loads nothing, and cannot be framed", () =>
    withApp((_, app, browser) =>
      Effect.gen(function*() {
        const login = yield* browser.visit(askOf(app))
        const wrong = yield* browser.press(login, "log_in", { username: "\"><script>alert(1)</script>", password: "x" })
        const consent = yield* browser.logIn(login, "ann")
        const code = yield* browser.press(yield* browser.visit(askOf(app, { redirect_uri: oob })), "allow")
        for (const page of [login, wrong, consent, code, yield* browser.visit("/oauth/authorize")]) {
          assert.notMatch(page.text, /<script|<img|<link|<iframe|javascript:|\son\w+=|src=/i)
          assert.match(page.headers.get("content-security-policy")!, /^default-src 'none'; style-src 'sha256-[^']+'; form-action [^;]+; base-uri 'none'; frame-ancestors 'none'$/)
          assert.deepInclude(Object.fromEntries(page.headers), {
            "x-frame-options": "DENY",
            "cache-control": "private, no-store",
            "content-type": "text/html; charset=utf-8",
            "referrer-policy": "same-origin"
          })
        }
        assert.deepStrictEqual([wrong.status, wrong.text.includes("role=\"alert\"")], [422, true])
      })))
})
