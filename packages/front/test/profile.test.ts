/** Sign-up, one's own profile, and what follows from one's preferences. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { withFront } from "./frontWorld.ts"

const codes = (body: { readonly details: Record<string, ReadonlyArray<{ readonly error: string }>> }) =>
  Object.fromEntries(Object.entries(body.details).map(([field, list]) => [field, list.map(({ error }) => error).join()]))

describe("sign-up", () => {
  it.live("names everything that is wrong, at once", () =>
    withFront((client) =>
      Effect.gen(function*() {
        yield* client.signUp("Ann")
        const token = yield* client.appToken()
        const good = { username: "bob", email: "bob@rookery.example", password: "correct horse", agreement: "true", locale: "en" }
        const wrong: ReadonlyArray<readonly [Partial<typeof good> | undefined, Record<string, string>]> = [
          [undefined, { username: "ERR_BLANK", email: "ERR_BLANK", password: "ERR_BLANK", agreement: "ERR_ACCEPTED" }],
          [{ username: "aNN", email: "ANN@rookery.example" }, { username: "ERR_TAKEN", email: "ERR_TAKEN" }],
          [{ username: "Admin", email: "nobody" }, { username: "ERR_RESERVED", email: "ERR_INVALID" }],
          [{ username: "b-b", password: "1234567" }, { username: "ERR_INVALID", password: "ERR_TOO_SHORT" }],
          [{ username: "b".repeat(31), password: "x".repeat(129) }, { username: "ERR_TOO_LONG", password: "ERR_TOO_LONG" }],
          [{ username: "ann", agreement: "0" }, { username: "ERR_TAKEN", agreement: "ERR_ACCEPTED" }]
        ]
        for (const [part, expected] of wrong) {
          const reply = yield* client.call("POST", "/api/v1/accounts", { token, json: part === undefined ? {} : { ...good, ...part } })
          assert.deepStrictEqual([reply.status, codes(reply.body), problems("ValidationError", reply.body)], [422, expected, []])
          assert.match(reply.body.error, /^Validation failed: (Username|E-mail|Password|Agreement) /)
        }
        const given = yield* client.call("POST", "/api/v1/accounts", { token, form: good })
        assert.deepStrictEqual([given.status, problems("Token", given.body)], [200, []])
      })))

  it.live("is closed when the server says so, and needs a program's token", () =>
    withFront((client) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* client.call("POST", "/api/v1/accounts", { json: {} })).status, 401)
        const token = yield* client.appToken()
        assert.strictEqual((yield* client.call("POST", "/api/v1/accounts", { token, json: {} })).status, 403)
      }), { settings: { registrationsOpen: false } }))
})

describe("one's own profile", () => {
  it.live("changes in every form that clients send, and only as far as it was told", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { id, token } = yield* client.signUp("ann")
        const path = "/api/v1/accounts/update_credentials"
        const site = { name: "Site", value: "https://ann.example <b>" }
        const byJson = yield* client.ok("PATCH", path, {
          token,
          json: { display_name: " Ann ", note: "hi", locked: true, discoverable: false, fields_attributes: { 0: site, 1: { name: "", value: "" } } }
        })
        assert.deepStrictEqual(problems("CredentialAccount", byJson), [])
        assert.deepInclude(byJson, { display_name: "Ann", locked: true, discoverable: false, bot: false })
        assert.deepStrictEqual(byJson.source.fields, [{ ...site, verified_at: null }])
        const seen = yield* client.ok("GET", `/api/v1/accounts/${id}`)
        assert.match(seen.fields[0].value, /^<a href="https:\/\/ann.example" .*<\/a> &lt;b&gt;$/)
        const form = { "fields_attributes[0][name]": "A", "fields_attributes[0][value]": "1", "fields_attributes[1][name]": "B", "source[privacy]": "unlisted", "source[language]": "de-AT" }
        for (const body of [{ form }, { multipart: form }]) {
          const byForm = yield* client.ok("PATCH", path, { token, ...body })
          assert.deepStrictEqual(byForm.source.fields.map((field: { name: string; value: string }) => [field.name, field.value]), [["A", "1"], ["B", ""]])
          assert.deepInclude(byForm.source, { privacy: "unlisted", language: "de", sensitive: false, note: "hi" })
        }
        const rails = [["fields_attributes[][name]", "C"], ["fields_attributes[][value]", "3"], ["fields_attributes[][name]", "D"]] as const
        const listed = yield* client.ok("PATCH", path, { token, form: rails })
        assert.deepStrictEqual(listed.source.fields.map((field: { name: string }) => field.name), ["C", "D"])
        const emptied = yield* client.ok("PATCH", path, { token, json: { note: "", fields_attributes: [], source: { language: "", sensitive: true } } })
        assert.deepInclude(emptied, { note: "", fields: [], display_name: "Ann" })
        assert.deepInclude(emptied.source, { privacy: "unlisted", language: null, sensitive: true })
        const preferences = yield* client.ok("GET", "/api/v1/preferences", { token })
        assert.deepStrictEqual(problems("Preferences", preferences), [])
        assert.deepInclude(preferences, { "posting:default:visibility": "unlisted", "posting:default:sensitive": true, "posting:default:language": null })
        const profile = yield* client.ok("GET", "/api/v1/profile", { token })
        assert.deepStrictEqual(problems("Profile", profile), [])
        const patched = yield* client.ok("PATCH", "/api/v1/profile", { token, json: { display_name: "Annie", bot: "1" } })
        assert.deepStrictEqual([patched, problems("Profile", patched)], [{ ...profile, display_name: "Annie", bot: true }, []])
      })))

  it.live("is refused what is too long, too much or nonsense", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { token } = yield* client.signUp("ann")
        const fields = (count: number, value = "x") => ({ fields_attributes: Array.from({ length: count }, (_, n) => ({ name: `n${n}`, value })) })
        const before = yield* client.ok("GET", "/api/v1/accounts/verify_credentials", { token })
        const wrong = [
          { display_name: "x".repeat(31) },
          { note: "x".repeat(501) },
          fields(5),
          fields(1, "x".repeat(256)),
          { fields_attributes: [{ value: "nameless" }] },
          { fields_attributes: "text" },
          { source: { privacy: "secret" } },
          { source: { language: "not a language" } },
          { locked: "maybe" }
        ]
        for (const json of wrong) {
          const reply = yield* client.call("PATCH", "/api/v1/accounts/update_credentials", { token, json: { bot: true, ...json } })
          assert.deepStrictEqual([reply.status, problems("Error", reply.body)], [422, []], JSON.stringify(json))
        }
        assert.deepStrictEqual(yield* client.ok("GET", "/api/v1/accounts/verify_credentials", { token }), before)
      })))

  it.live("decides what a post is that does not say", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const source = { privacy: "unlisted", sensitive: true, language: "de" }
        yield* client.ok("PATCH", "/api/v1/accounts/update_credentials", { token: ann.token, json: { source } })
        assert.deepInclude(yield* client.post(ann, "silent"), { visibility: "unlisted", sensitive: true, language: "de" })
        const said = { visibility: "public", sensitive: false, language: "en" }
        assert.deepInclude(yield* client.post(ann, "said", said), said)
      })))
})
