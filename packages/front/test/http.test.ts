/** What HTTP itself asks of the front. */
import { afterEach, assert, beforeEach, describe, inject, it, vi } from "@effect/vitest"
import * as NoSnapshots from "@rookery/testkit/NoSnapshots"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Context, Effect, Exit, Fiber, Latch, Scope } from "effect"
import { type IncomingMessage, request, type ServerResponse } from "node:http"
import { StoreError } from "@rookery/store/StoreError"
import * as Front from "../src/Front.ts"
import * as Answer from "../src/http/Answer.ts"
import * as Handle from "../src/http/Handle.ts"
import { open, route } from "../src/http/Route.ts"
import * as Router from "../src/http/Router.ts"
import * as Server from "../src/http/Server.ts"
import * as Upload from "../src/http/Upload.ts"
import type { Tokens } from "../src/oauth/Tokens.ts"
import { eventually, makeClient, settingsOf, withFront } from "./frontWorld.ts"

/** A request whose body is sent in two parts. */
const inTwoParts = (base: string, path: string, body: string) => {
  const sending = request(base + path, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
  })
  const answer = new Promise<number | undefined>((done, failed) => {
    sending.on("response", (response) => {
      response.resume()
      response.on("end", () => done(response.statusCode))
    })
    sending.on("error", failed)
  })
  const half = Math.floor(body.length / 2)
  const begun = new Promise<void>((done) => sending.write(body.slice(0, half), () => done()))
  return { begun, end: () => sending.end(body.slice(half)), answer }
}

/** For a handler without the stores behind it. */
const bareHandle = {
  tokens: {} as Tokens,
  addressOf: () => "127.0.0.1",
  metrics: { record: () => {} },
  bodyBytesMax: 1_000,
  uploads: Upload.make({ fileBytesMax: 1_000, fieldBytesMax: 1_000, bufferedBytesMax: 1_000 }),
  requestsInFlightMax: 10,
  requestMillisMax: 1_000,
  requestAwayMillisMax: 1_000,
  uploadMillisMax: 1_000
}

describe("the front over HTTP", () => {
  it.live("lets web clients of any origin in, and tells of methods", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const preflight = yield* client.call("OPTIONS", "/api/v1/statuses", {
          headers: { origin: "https://elsewhere.example", "access-control-request-method": "POST" }
        })
        assert.strictEqual(preflight.status, 204)
        assert.strictEqual(preflight.headers.get("access-control-allow-origin"), "*")
        assert.include(preflight.headers.get("access-control-allow-headers"), "Idempotency-Key")
        const page = yield* client.call("GET", "/api/v1/custom_emojis")
        assert.strictEqual(page.headers.get("access-control-allow-origin"), "*")
        assert.include(page.headers.get("access-control-expose-headers"), "Link")
        assert.strictEqual((yield* client.call("DELETE", "/api/v1/statuses")).headers.get("allow"), "POST, GET, HEAD, OPTIONS")
        const head = yield* client.call("HEAD", "/api/v1/custom_emojis")
        assert.deepStrictEqual([head.status, head.text, head.headers.get("content-length")], [200, "", "2"])
        assert.isNull(page.headers.get("x-ratelimit-remaining"))
      })))

  it.live("answers as usual when a client offers another protocol", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const status = yield* Effect.callback<number | undefined>((resume) => {
          const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAEAAEAA" }
          request(`${client.base}/health`, { headers }, (response) => {
            response.resume()
            resume(Effect.succeed(response.statusCode))
          }).on("error", () => resume(Effect.succeed(undefined))).end()
        })
        assert.strictEqual(status, 200)
      })))

  it.live("reads a JSON body with a GET, and counts what it answers", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const body = JSON.stringify({ acct: "ann" })
        const status = yield* Effect.callback<number | undefined>((resume) => {
          const asking = request(`${client.base}/api/v1/accounts/lookup`, {
            method: "GET",
            headers: { "content-type": "application/json", "content-length": body.length }
          }, (response) => {
            response.resume()
            resume(Effect.succeed(response.statusCode))
          })
          asking.end(body)
        })
        assert.strictEqual(status, 200)
        yield* client.ok("GET", "/api/v1/timelines/home", { token: ann.token })
        const metrics = yield* client.call("GET", "/metrics")
        assert.match(metrics.text, /rookery_http_requests_total\{route="\/api\/v1\/timelines\/home",status="200"\} 1\n/)
        assert.match(metrics.text, /rookery_http_seconds_count\{route="\/api\/v1\/accounts\/:id\/statuses"\}|rookery_http_seconds_count/)
        assert.deepStrictEqual((yield* client.call("GET", "/ready")).body, { ready: true, missing: [], degraded: [] })
      })))

  it.live("answers 503 with a time to come back while the store is away", () =>
    Effect.scoped(Effect.gen(function*() {
      const away = Effect.fail(new StoreError({ operation: "test", cause: "away" }))
      const stores = yield* Effect.context<never>()
      const handle = Handle.make({
        ...bareHandle,
        router: Router.make([route("GET", "/store", open, () => away), route("GET", "/broken", open, () => Effect.die(new Error("secret")))])
      }, stores)
      const { host, port } = yield* Server.listen(Server.make(handle, settingsOf({}).limits, () => false), handle, "127.0.0.1", 0, settingsOf({}).limits)
      const client = makeClient(`http://${host}:${port}`)
      const reply = yield* client.call("GET", "/store")
      assert.deepStrictEqual([reply.status, reply.headers.get("retry-after")], [503, "1"])
      const broken = yield* client.call("GET", "/broken")
      assert.deepStrictEqual([broken.status, broken.body], [500, { error: "Something went wrong" }])
    })))

  it.live("answers what takes too long in time, also when it cannot be interrupted", () =>
    Effect.scoped(Effect.gen(function*() {
      const released = Latch.makeUnsafe()
      yield* Effect.addFinalizer(() => released.open)
      const stuck = route("GET", "/stuck", open, () => Effect.uninterruptible(Effect.as(released.await, Answer.json({}))))
      const handle = Handle.make({ ...bareHandle, router: Router.make([stuck]), requestMillisMax: 100 }, yield* Effect.context<never>())
      const { limits } = settingsOf({})
      const { host, port } = yield* Server.listen(Server.make(handle, limits, () => false), handle, "127.0.0.1", 0, limits)
      const reply = yield* makeClient(`http://${host}:${port}`).call("GET", "/stuck")
      assert.deepStrictEqual([reply.status, reply.headers.get("retry-after")], [503, "1"])
      assert.deepStrictEqual(reply.body, { error: "This took too long, try again shortly" })
      assert.strictEqual(handle.inFlight(), 0)
    })))

  it.live("ends the requests that it took before it stops, and takes no more", () =>
    Effect.scoped(Effect.gen(function*() {
      const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
      yield* Effect.gen(function*() {
        const scope = yield* Scope.make()
        const { host, port } = yield* Scope.provide(Front.serve(settingsOf({})), scope)
        const client = makeClient(`http://${host}:${port}`)
        const slow = inTwoParts(client.base, "/api/v1/apps", JSON.stringify({ client_name: "slow", redirect_uris: "urn:ietf:wg:oauth:2.0:oob" }))
        yield* Effect.promise(() => slow.begun)
        yield* client.ok("GET", "/api/v1/custom_emojis")
        const stopping = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        const isTaken = Effect.promise(() => fetch(`${client.base}/health`).then(() => true, () => false))
        yield* eventually(isTaken, (taken) => !taken)
        slow.end()
        assert.strictEqual(yield* Effect.promise(() => slow.answer), 200)
        yield* Fiber.join(stopping)
      }).pipe(Effect.provide(TestCluster.layer({ databaseUrl, snapshots: NoSnapshots.layer })))
    })))
})

/** Of a client that has gone: nothing is written. */
const asked = { url: "/held", method: "GET", headers: {}, complete: true } as IncomingMessage
const gone = { destroyed: true, end: () => {} } as unknown as ServerResponse

describe("a front with more than four requests under way", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }))
  afterEach(() => void vi.useRealTimers())

  /** Eight requests that end when they are given up, after 5 ms. */
  const askEight = () => {
    const state = { begun: 0 }
    const held = route("GET", "/held", open, () => Effect.andThen(Effect.sync(() => void state.begun++), Effect.never))
    const handle = Handle.make({ ...bareHandle, router: Router.make([held]), requestMillisMax: 5 }, Context.empty())
    for (let i = 0; i < 8; i++) handle.onRequest(asked, gone)
    return { handle, state }
  }

  it("begins the next ones together, a little later", () => {
    const { handle, state } = askEight()
    assert.deepStrictEqual([state.begun, handle.inFlight()], [4, 8])
    vi.advanceTimersByTime(8)
    assert.deepStrictEqual([state.begun, handle.inFlight()], [8, 8])
    vi.advanceTimersByTime(1)
    handle.sweep()
  })

  it("does not begin what was given up meanwhile", () => {
    const { handle, state } = askEight()
    vi.advanceTimersByTime(6)
    handle.sweep()
    assert.strictEqual(handle.inFlight(), 0)
    vi.advanceTimersByTime(2)
    assert.strictEqual(state.begun, 4)
  })
})
