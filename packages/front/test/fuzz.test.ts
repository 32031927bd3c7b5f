/** Random requests to every kind of route: none is answered with a 5xx, and every refusal is the contract's. */
import { assert, describe, inject, it } from "@effect/vitest"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { problems } from "./contract.ts"
import { type Call, type Someone, withFront } from "./frontWorld.ts"

const requests = 400
const atOnce = 8

const patterns = [
  "/api/v1/apps",
  "/oauth/token",
  "/oauth/revoke",
  "/api/v1/accounts",
  "/api/v1/accounts/lookup",
  "/api/v1/accounts/relationships",
  "/api/v1/accounts/update_credentials",
  "/api/v1/accounts/:id",
  "/api/v1/accounts/:id/statuses",
  "/api/v1/accounts/:id/follow",
  "/api/v1/accounts/:id/followers",
  "/api/v1/statuses",
  "/api/v1/statuses/:id",
  "/api/v1/statuses/:id/context",
  "/api/v1/statuses/:id/favourite",
  "/api/v1/statuses/:id/reblog",
  "/api/v1/statuses/:id/unreblog",
  "/api/v1/statuses/:id/history",
  "/api/v1/timelines/home",
  "/api/v1/markers",
  "/api/v1/streaming"
]

const fields = [
  "status", "in_reply_to_id", "visibility", "sensitive", "spoiler_text", "language", "id", "id[]", "limit", "max_id", "since_id", "min_id",
  "acct", "grant_type", "client_id", "client_secret", "scope", "username", "password", "email", "agreement", "client_name", "redirect_uris",
  "display_name", "note", "locked", "exclude_replies", "pinned", "__proto__", "constructor", "a[b]", "[]"
]

const values: ReadonlyArray<unknown> = [
  "", "x", "0", "1", "-1", "1.5", "9007199254740993", "99999999999999999999999", "true", "null", "\0", "a\0b", "\ud800", "%00", "é".repeat(600),
  "public", "direct", "read write", "urn:ietf:wg:oauth:2.0:oob", "<script>alert(1)</script>", "'; DROP TABLE posts; --", "@ann@rookery.example",
  "https://" + "a".repeat(300), 0, 1, -1, 1.5, 1e300, true, false, null, [], [1, "2"], [[]], {}, { a: { b: [] } }
]

const requestOf = (random: Seeded.Seeded, people: ReadonlyArray<Someone>, ids: ReadonlyArray<string>) => {
  const picked = () => [random.pick(fields), random.pick(values)] as const
  const entries = Array.from({ length: random.int(5) }, picked)
  const path = random.pick(patterns).replace(":id", () => encodeURIComponent(random.pick(ids)))
  const query = random.chance(0.3) ? `?${new URLSearchParams(entries.map(([name, value]): [string, string] => [name, String(value)])).toString()}` : ""
  const call: Call = {
    ...(random.chance(0.7) ? { token: random.pick(people).token } : {}),
    ...(random.chance(0.2) ? { headers: { "idempotency-key": String(random.pick(values)).replaceAll(/[^ -~]/g, "?").slice(0, 300) } } : {})
  }
  const method = random.pick(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
  if (method === "GET" || method === "HEAD") return { method, path: path + query, call }
  const body: Call = random.chance(0.5)
    ? { json: Object.fromEntries(entries) }
    : { form: entries.map(([name, value]) => [name, String(value)] as const) }
  return { method, path: path + query, call: { ...call, ...body } }
}

describe("random requests", () => {
  const seed = inject("oracleSeed")
  it.live(`are answered or refused, never failed (seed ${seed})`, () =>
    withFront((client) =>
      Effect.gen(function*() {
        const random = Seeded.make(seed)
        const people = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const posts = yield* Effect.forEach(people, (person) => client.post(person, "hello"))
        const ids = [...people, ...posts].map(({ id }: { id: string }) => id).concat(["0", "1", "x", "\0", "", "9".repeat(30)])
        const all = Array.from({ length: requests }, () => requestOf(random, people, ids))
        yield* Effect.forEach(all, ({ call, method, path }) =>
          Effect.map(client.call(method, path, call), (reply) => {
            const where = `seed ${seed}: ${method} ${path} ${JSON.stringify(call)}: ${reply.status} ${reply.text.slice(0, 200)}`
            assert.isBelow(reply.status, 500, where)
            if (reply.status >= 400 && method !== "HEAD") assert.deepStrictEqual(problems("Error", reply.body), [], where)
          }), { concurrency: atOnce, discard: true })
      })))
})
