/** Which front of another datacenter is asked, and what of a request's head goes there. */
import { assert, describe, it } from "@effect/vitest"
import * as Headers from "../src/home/Headers.ts"
import * as Upstreams from "../src/home/Upstreams.ts"

const nobody: ReadonlySet<Upstreams.Upstream> = new Set()

describe("the fronts of another datacenter", () => {
  it("are asked in turn", () => {
    const upstreams = Upstreams.make(["a", "b"], 100, () => 0)
    const asked = Array.from({ length: 4 }, () => upstreams.pick(nobody)!.url)
    assert.deepStrictEqual(asked, ["a", "b", "a", "b"])
    const [a] = [upstreams.pick(nobody)!]
    assert.strictEqual(upstreams.pick(new Set([a]))!.url, "b")
  })

  it("rest when they fail, longer each time, and are tried by one request before all come back", () => {
    let now = 0
    const upstreams = Upstreams.make(["a"], 100, () => now)
    const a = upstreams.pick(nobody)!
    upstreams.failed(a)
    assert.isUndefined(upstreams.pick(nobody))
    now = 250
    assert.strictEqual(upstreams.pick(nobody), a)
    assert.isUndefined(upstreams.pick(nobody), "one trial at a time")
    upstreams.failed(a)
    now = 700
    assert.isUndefined(upstreams.pick(nobody), "500 ms this time")
    now = 750
    upstreams.answered(upstreams.pick(nobody)!)
    assert.strictEqual(upstreams.pick(nobody), a)
    assert.strictEqual(upstreams.pick(nobody), a)
  })

  it("rest at most 8 s, and say when they are tried again", () => {
    const upstreams = Upstreams.make(["a"], 100, () => 0)
    const a = upstreams.pick(nobody)!
    for (let i = 0; i < 40; i++) upstreams.failed(a)
    assert.strictEqual(upstreams.retryAfter(), 8)
  })

  it("may be slow now and then, not three times in a row", () => {
    const upstreams = Upstreams.make(["a"], 100, () => 0)
    const a = upstreams.pick(nobody)!
    for (const step of ["timedOut", "timedOut", "answered", "timedOut", "timedOut"] as const) upstreams[step](a)
    assert.strictEqual(upstreams.pick(nobody), a)
    upstreams.timedOut(a)
    assert.isUndefined(upstreams.pick(nobody))
  })
})

describe("the head of a request that is passed on", () => {
  it("names the client and who passed it, and leaves behind what is of the connection", () => {
    const passed = Headers.ofRequest({
      host: "west.example",
      connection: "keep-alive, X-Hop",
      "x-hop": "1",
      te: "trailers",
      upgrade: "h2c",
      expect: "100-continue",
      "x-forwarded-for": "6.6.6.6",
      "x-rookery-passed-by": "nobody",
      authorization: "Bearer 0.x",
      "idempotency-key": "k"
    }, "192.0.2.1", "west")
    assert.deepStrictEqual(passed, {
      authorization: "Bearer 0.x",
      "idempotency-key": "k",
      "x-forwarded-for": "192.0.2.1",
      "x-rookery-passed-by": "west"
    })
  })

  it("frames a body without a length, whatever the method", () => {
    const passed = Headers.ofRequest({ "transfer-encoding": "chunked" }, "192.0.2.1", "west")
    assert.strictEqual(passed["transfer-encoding"], "chunked")
  })
})
