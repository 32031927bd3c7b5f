/** Live updates over WebSocket. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { WebSocket } from "ws"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"

interface Stream {
  readonly socket: WebSocket
  readonly frames: Array<{ readonly stream: ReadonlyArray<string>; readonly event: string; readonly payload: string }>
  readonly closed: { code: number | undefined }
}

/** Opens a stream; fails with the HTTP status of a refusal. */
const open = (client: Client, path: string, protocol?: string, headers: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.callback<Stream, number>((resume) => {
      const url = client.base.replace("http", "ws") + path
      const socket = protocol === undefined ? new WebSocket(url, { headers }) : new WebSocket(url, protocol, { headers })
      const stream: Stream = { socket, frames: [], closed: { code: undefined } }
      socket.on("message", (data) => stream.frames.push(JSON.parse(String(data))))
      socket.on("close", (code) => void (stream.closed.code = code))
      socket.on("open", () => resume(Effect.succeed(stream)))
      socket.on("unexpected-response", (request, response) => {
        request.destroy()
        resume(Effect.fail(response.statusCode ?? 0))
      })
      socket.on("error", () => {})
    }),
    ({ socket }) => Effect.sync(() => socket.terminate())
  )

const frames = (stream: Stream, count: number) =>
  eventually(Effect.sync(() => stream.frames), (list) => list.length >= count)

const follow = (client: Client, by: Someone, whom: Someone) =>
  client.ok("POST", `/api/v1/accounts/${whom.id}/follow`, { token: by.token })

/** Follows, and waits until the followed person's actor knows: posts from before that are found at home, not live. */
const followLive = (client: Client, by: Someone, whom: Someone, stream: Stream) =>
  Effect.gen(function*() {
    yield* follow(client, by, whom)
    yield* eventually(Effect.as(client.post(whom, "is anybody there?"), stream.frames), (list) => list.length > 0)
    // A post that was not pushed is in the window by now, so nothing of this is still to come.
    yield* client.post(whom, "the last of it")
    yield* eventually(Effect.sync(() => stream.frames.at(-1)!), (frame) => frame.payload.includes("the last of it"))
    stream.frames.length = 0
  })

describe("the stream user", () => {
  it.live("carries a followed person's post and its deletion", () =>
    withFront((client) =>
      Effect.scoped(Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bob = yield* client.signUp("bob")
        const stream = yield* open(client, `/api/v1/streaming?stream=user&access_token=${bob.token}`)
        yield* followLive(client, bob, ann, stream)
        const post = yield* client.post(ann, "live “quotes” & more")
        const [update] = yield* frames(stream, 1)
        assert.deepStrictEqual([update!.stream, update!.event], [["user"], "update"])
        const told = JSON.parse(update!.payload)
        assert.deepStrictEqual([told.id, told.content, told.favourited], [post.id, post.content, false])
        yield* client.ok("DELETE", `/api/v1/statuses/${post.id}`, { token: ann.token })
        const [, gone] = yield* frames(stream, 2)
        assert.deepStrictEqual([gone!.event, gone!.payload], ["delete", post.id])
      }))
    ))

  it.live("carries an edit of a post that the reader has", () =>
    withFront((client) =>
      Effect.scoped(Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bob = yield* client.signUp("bob")
        const stream = yield* open(client, `/api/v1/streaming?stream=user&access_token=${bob.token}`)
        yield* followLive(client, bob, ann, stream)
        const post = yield* client.post(ann, "a tpyo")
        yield* frames(stream, 1)
        yield* client.ok("PUT", `/api/v1/statuses/${post.id}`, { token: ann.token, json: { status: "a typo" } })
        const [, edited] = yield* frames(stream, 2)
        assert.strictEqual(edited!.event, "status.update")
        const told = JSON.parse(edited!.payload)
        assert.deepStrictEqual([told.id, told.content], [post.id, "<p>a typo</p>"])
      }))
    ))

  it.live("takes the token from the subprotocol, which it echoes, and from the header", () =>
    withFront((client) =>
      Effect.scoped(Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const byProtocol = yield* open(client, "/api/v1/streaming/?stream=user", ann.token)
        assert.strictEqual(byProtocol.socket.protocol, ann.token)
        const byHeader = yield* open(client, "/api/v1/streaming", undefined, { authorization: `Bearer ${ann.token}` })
        yield* client.post(ann, "one")
        yield* frames(byProtocol, 1)
        assert.deepStrictEqual(byHeader.frames, [], "nothing was subscribed to yet")
        byHeader.socket.send(JSON.stringify({ type: "subscribe", stream: "user" }))
        byHeader.socket.send("no message")
        const [refusal] = yield* frames(byHeader, 1)
        assert.property(refusal, "error")
        yield* client.post(ann, "two")
        const [, update] = yield* frames(byHeader, 2)
        assert.strictEqual(update!.event, "update")
        byHeader.socket.send(JSON.stringify({ type: "unsubscribe", stream: "user" }))
        byHeader.socket.send("no message")
        yield* frames(byHeader, 3)
        yield* client.post(ann, "three")
        yield* frames(byProtocol, 3)
        assert.lengthOf(byHeader.frames, 3)
      }))
    ))

  it.live("refuses bad tokens, closes a revoked one, and sends nothing after an unfollow", () =>
    withFront((client) =>
      Effect.scoped(Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bob = yield* client.signUp("bob")
        assert.strictEqual(yield* Effect.flip(open(client, "/api/v1/streaming?stream=user&access_token=wrong")), 401)
        assert.strictEqual(yield* Effect.flip(open(client, "/api/v1/streaming?stream=user")), 401)
        assert.strictEqual(yield* Effect.flip(open(client, `/api/v1/streaming?stream=nonsense&access_token=${bob.token}`)), 400)
        assert.strictEqual(yield* Effect.flip(open(client, `/api/v1/elsewhere?access_token=${bob.token}`)), 404)
        const stream = yield* open(client, `/api/v1/streaming?stream=user&access_token=${bob.token}`)
        yield* followLive(client, bob, ann, stream)
        yield* client.ok("POST", `/api/v1/accounts/${ann.id}/unfollow`, { token: bob.token })
        yield* client.post(ann, "not heard")
        const own = yield* client.post(bob, "own")
        const [next] = yield* frames(stream, 1)
        assert.strictEqual(JSON.parse(next!.payload).id, own.id)
        const app = yield* client.register()
        const credentials = { client_id: app.client_id, client_secret: app.client_secret }
        const { access_token: second } = yield* client.ok("POST", "/oauth/token", {
          json: { ...credentials, grant_type: "password", username: "bob", password: "correct horse", scope: "read" }
        })
        const other = yield* open(client, `/api/v1/streaming?stream=user&access_token=${second}`)
        yield* client.ok("POST", "/oauth/revoke", { form: { ...credentials, token: second } })
        yield* eventually(Effect.sync(() => other.closed.code), (code) => code === 1008)
        assert.strictEqual((yield* client.call("GET", "/api/v1/timelines/home", { token: second })).status, 401)
      }))
    ))

  it.live("closes with the code to come back when the front stops", () =>
    Effect.scoped(Effect.gen(function*() {
      const stream = yield* withFront((client) =>
        Effect.gen(function*() {
          const ann = yield* client.signUp("ann")
          const socket = new WebSocket(`${client.base.replace("http", "ws")}/api/v1/streaming?stream=user&access_token=${ann.token}`)
          const closed: { code: number | undefined } = { code: undefined }
          socket.on("close", (code) => void (closed.code = code))
          yield* eventually(Effect.sync(() => socket.readyState), (state) => state === WebSocket.OPEN)
          return closed
        })
      )
      yield* eventually(Effect.sync(() => stream.code), (code) => code === 1012)
    })))
})
