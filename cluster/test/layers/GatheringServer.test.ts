import { NodeSocket } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option } from "effect"
import { SocketServer } from "effect/socket"
import { connect, type Socket as NetSocket } from "node:net"
import { text } from "node:stream/consumers"
import * as GatheringServer from "../../src/layers/GatheringServer.ts"

const onLoopback = GatheringServer.layer({ host: "127.0.0.1", port: 0 })

/** All that a client hears until the server ends. */
const heard = (port: number) => Effect.promise(() => text(connect(port, "127.0.0.1")))

const portOf = ({ address }: SocketServer.SocketServer["Service"]): number => {
  if (address._tag === "UnixPathAddress") throw new Error("it listens on a path")
  return address.port
}

/** Writes twice, and says what of it waits for the turn's end. */
const answerTwice = (connection: NetSocket) => {
  connection.write("one,")
  connection.write("two")
  const waiting = connection.writableLength
  connection.end()
  return waiting
}

describe("the server of a cluster's member", () => {
  it.live("holds back what is written to a connection until the turn is over, and loses none of it", () =>
    Effect.gen(function*() {
      const server = yield* SocketServer.SocketServer
      const waiting = yield* Deferred.make<number>()
      const answer = Effect.flatMap(Effect.serviceOption(NodeSocket.NetSocket), (connection) =>
        Deferred.succeed(waiting, answerTwice(Option.getOrThrow(connection))))
      yield* Effect.forkScoped(server.run(() => answer))
      const client = yield* Effect.forkScoped(heard(portOf(server)))
      assert.strictEqual(yield* Deferred.await(waiting), "one,two".length)
      assert.strictEqual(yield* Fiber.join(client), "one,two")
    }).pipe(Effect.scoped, Effect.provide(onLoopback)))
})
