/** Many WebSockets at the least cost on this side: the handshake by hand, then silence. */
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { connect, type Socket } from "node:net"

/** One socket that hears the stream `user` of the token's person. */
const open = (port: number, token: string): Effect.Effect<Socket, Error> =>
  Effect.callback((resume) => {
    const socket = connect({ port, host: "127.0.0.1" })
    const fail = (reason: string) => {
      socket.destroy()
      resume(Effect.fail(new Error(`a WebSocket was not let in: ${reason}`)))
    }
    socket.once("error", (error) => fail(String(error)))
    socket.once("data", (chunk) => {
      const answer = chunk.toString("latin1")
      if (!answer.startsWith("HTTP/1.1 101")) return fail(answer.slice(0, 200))
      socket.resume()
      resume(Effect.succeed(socket))
    })
    socket.write(
      `GET /api/v1/streaming?stream=user HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nAuthorization: Bearer ${token}\r\n\r\n`
    )
  })

const atOnce = 16

/** One for each token, until the scope ends. */
export const openAll = (port: number, tokens: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.forEach(tokens, (token) => open(port, token), { concurrency: atOnce }),
    (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
  )
