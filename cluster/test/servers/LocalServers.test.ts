import { assert, describe, it } from "@effect/vitest"
import * as NatsServer from "@rookery/cluster/servers/NatsServer"
import * as RedisServer from "@rookery/cluster/servers/RedisServer"
import { spawn as spawnServer } from "@rookery/cluster/servers/ServerProcess"
import { Effect } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-servers-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const isListening = (port: number) =>
  Effect.promise(() =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy() !== undefined))
      socket.once("error", () => resolve(false))
    })
  )

describe("a private server", () => {
  const servers = [["Redis", RedisServer.start], ["NATS", NatsServer.start]] as const
  for (const [name, start] of servers) {
    it.live(`${name} answers on its own port, stops with its scope and comes back on the same port`, () =>
      Effect.gen(function*() {
        const folder = join(yield* temporaryFolder, "made-when-missing")
        const { port } = yield* Effect.scoped(
          Effect.tap(start({ folder }), (server) => Effect.map(isListening(server.port), (is) => assert.isTrue(is)))
        )
        assert.isFalse(yield* isListening(port))
        assert.strictEqual((yield* start({ folder, port })).port, port)
      }))
  }

  it.live("that does not heed its stop signal is killed", () =>
    Effect.gen(function*() {
      const deaf = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('deaf')"
      const server = yield* Effect.scoped(Effect.gen(function*() {
        const started = yield* spawnServer({
          name: "deaf",
          file: process.execPath,
          args: ["--eval", deaf],
          cwd: tmpdir(),
          stop: [["SIGTERM", 200]]
        })
        while (!started.output().includes("deaf")) yield* Effect.sleep("10 millis")
        return started
      }))
      assert.strictEqual(yield* server.ended, "signal SIGKILL")
    }))

  it.live("whose program is missing fails with its name", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(spawnServer({ name: "Nobody", file: "/nonexistent/server", args: [], cwd: "/", stop: [] }))
      assert.match(error.message, /Nobody: cannot be run/)
    }))
})
