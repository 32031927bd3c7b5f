/** Upgrades that are refused: in the contract's words, and with nothing left open. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect, type Socket } from "node:net"
import { problems } from "./contract.ts"
import { type Client, withFront } from "./frontWorld.ts"

const handshake = (path: string, more: ReadonlyArray<string>, method = "GET"): string =>
  [
    `${method} ${path} HTTP/1.1`,
    "host: rookery.example",
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    ...more,
    "",
    ""
  ].join("\r\n")

/** What the front answers until it ends the connection; this end stays open. */
const answered = (client: Client, bytes: string) =>
  Effect.callback<string>((resume) => {
    const { hostname, port } = new URL(client.base)
    const socket: Socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () => socket.write(bytes))
    let answer = ""
    socket.on("data", (data) => void (answer += data))
    socket.on("end", () => resume(Effect.succeed(answer)))
    socket.on("error", () => resume(Effect.succeed(answer)))
    return Effect.sync(() => socket.destroy())
  })

const isRefusal = (answer: string, status: number): void => {
  const [head, body] = answer.split("\r\n\r\n")
  assert.match(head!, new RegExp(`^HTTP/1\\.1 ${status} [^]*content-type: application/json`))
  assert.deepStrictEqual(problems("Error", JSON.parse(body!)), [])
}

const path = "/api/v1/streaming?stream=user"
const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="

describe("upgrades that are refused", () => {
  it.live("are answered as any other request, whoever finds the fault", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { token } = yield* client.signUp("ann")
        const authorization = `authorization: Bearer ${token}`
        isRefusal(yield* answered(client, handshake(path, [key])), 401)
        isRefusal(yield* answered(client, handshake("/api/v1/elsewhere", [key, authorization])), 404)
        isRefusal(yield* answered(client, handshake(path, ["sec-websocket-key: short", authorization])), 400)
        isRefusal(yield* answered(client, handshake(path, [key, authorization, "sec-websocket-protocol: ,"])), 400)
        const [, body] = (yield* answered(client, handshake(path, [key], "HEAD"))).split("\r\n\r\n")
        assert.strictEqual(body, "", "a HEAD is answered without a body")
      })), 60_000)

  it.live("leave no connection open, though the client said more than was read", () =>
    Effect.gen(function*() {
      let stopping = 0
      yield* withFront((client) =>
        Effect.gen(function*() {
          const body = "x".repeat(500_000)
          yield* answered(client, handshake(path, [key, `content-length: ${body.length}`]) + body)
          stopping = Date.now()
        }), { limits: { drainMillis: 45_000 } })
      assert.isBelow(Date.now() - stopping, 30_000, "the front waits for no connection when it stops")
    }), 120_000)
})
