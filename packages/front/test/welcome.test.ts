/** What is at the server's bare address. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { withFront } from "./frontWorld.ts"

/** As browsers send it. */
const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" }

describe("the bare address", () => {
  it.live("shows a browser what this is, how many are here and how to connect, without scripts", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        yield* client.signUp("bob")
        yield* client.post(ann, "hello")
        const page = yield* client.call("GET", "/", { headers: browser })
        assert.deepStrictEqual([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"])
        assert.match(page.headers.get("content-security-policy")!, /default-src 'none'/)
        assert.notMatch(page.text, /<script|<img|<link|src=/)
        for (const part of ["<h1>Test &lt;&amp;&gt;</h1>", "2 people, 1 post.", "https://rookery.example", "href=\"/api/x\"", "Rookery 0.0.0-test"]) {
          assert.include(page.text, part)
        }
        assert.match(page.headers.get("cache-control")!, /^public, max-age=\d+/)
        assert.include(page.headers.get("vary"), "Accept")
        const again = yield* client.call("GET", "/", { headers: { ...browser, "if-none-match": page.headers.get("etag")! } })
        assert.deepStrictEqual([again.status, again.text], [304, ""])
      }), { settings: { title: "Test <&>" } }))

  it.live("tells programs that nothing is there, as JSON", () =>
    withFront((client) =>
      Effect.gen(function*() {
        for (const accept of ["application/json", "*/*"]) {
          const reply = yield* client.call("GET", "/", { headers: { accept } })
          assert.deepStrictEqual([reply.status, reply.body], [404, { error: "Not found" }])
          assert.deepStrictEqual([reply.headers.get("cache-control"), reply.headers.get("vary")], ["private, no-store", "Accept"])
        }
      })))
})
