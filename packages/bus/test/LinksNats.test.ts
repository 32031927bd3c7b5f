import { assert, describe, it } from "@effect/vitest"
import { toAll, toOne } from "@rookery/bus/Links"
import * as linkNames from "@rookery/bus/nats/linkNames"
import * as LinksNats from "@rookery/bus/nats/LinksNats"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { jetstreamManager } from "@nats-io/jetstream"
import { Effect, Layer, Schedule } from "effect"
import { connect as connectSocket } from "node:net"
import { type Name, names, overNats, until } from "./linksGround.ts"
import { bytes, onGround, reading } from "./linksSuite.ts"

const consumersOfEast = ["west", "south"].flatMap(linkNames.consumers).length

onGround("Links over NATS servers", overNats, (test, ground) => {
  /** A connection with the credentials that `who` has in the account of `origin`, to the server of `at`. */
  const intruder = (at: Name, origin: Name, who: Name) =>
    Effect.acquireRelease(
      Effect.promise(() => {
        const { password, user } = who === origin
          ? ground().servers.get(who)!.credentials.own
          : ground().servers.get(who)!.credentials.others[origin]!
        return connect({
          servers: ground().servers.get(at)!.url,
          user,
          pass: password,
          inboxPrefix: linkNames.inboxPrefix(who),
          reconnect: false
        })
      }),
      (connection) => Effect.promise(() => connection.close())
    )

  /** What the server says of the next thing that `connection` may not do. */
  const violation = (connection: NatsConnection, attempt: () => void) =>
    Effect.promise(async () => {
      const status = connection.status()
      attempt()
      for await (const event of status) if (event.type === "error") return String(event.error)
      return "closed"
    }).pipe(Effect.timeout("20 seconds"))

  /** Of the stream as it is once its owner has made all of it. */
  const streamState = (owner: NatsConnection) =>
    Effect.tryPromise(async () => {
      const manager = await jetstreamManager(owner, { checkAPI: false })
      const [info, consumer] = [await manager.streams.info(linkNames.stream), await manager.consumers.info(linkNames.stream, "south_all")]
      if (info.state.consumer_count < consumersOfEast) throw new Error(`${info.state.consumer_count} consumers of ${consumersOfEast}`)
      return { messages: info.state.last_seq, consumers: info.state.consumer_count, pending: consumer.num_pending }
    }).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 600 }))

  test("let no reader write to the stream of another, at its owner's server or over the leaf connection", () =>
    Effect.gen(function*() {
      const east = yield* ground().open("east")
      yield* Effect.eventually(east.send([{ id: "permissions-1", to: toAll, data: bytes("genuine") }]))
      const owner = yield* intruder("east", "east", "east")
      const before = yield* streamState(owner)
      const attempts = [
        linkNames.toAll,
        linkNames.toOne("south"),
        `$JS.API.STREAM.DELETE.${linkNames.stream}`,
        `$JS.east.API.STREAM.PURGE.${linkNames.stream}`,
        `$JS.east.API.CONSUMER.DELETE.${linkNames.stream}.south_all`,
        `$JS.east.API.CONSUMER.DURABLE.CREATE.${linkNames.stream}.mine`,
        linkNames.api("east", "MSG.NEXT", "south_to"),
        `$JS.ACK.${linkNames.stream}.south_all.1.1.1.1.0`,
        `${linkNames.inboxPrefix("south")}.guess`
      ]
      for (const at of ["east", "west"] as const) {
        const west = yield* intruder(at, "east", "west")
        for (const subject of attempts) {
          assert.match(yield* violation(west, () => west.publish(subject, bytes("forged"))), /permissions violation/i, `${subject} at ${at}`)
        }
      }
      assert.deepStrictEqual(yield* streamState(owner), before)
    }))

  test("let no reader hear what others are told, and nobody in with another's name", () =>
    Effect.gen(function*() {
      const west = yield* intruder("east", "east", "west")
      for (const subject of [linkNames.toAll, linkNames.toOne("south"), ">", `${linkNames.inboxPrefix("south")}.>`, linkNames.question("east", "content")]) {
        assert.match(yield* violation(west, () => void west.subscribe(subject)), /permissions violation/i, subject)
      }
      const { credentials, url } = ground().servers.get("west")!
      const layer = LinksNats.layer({
        url,
        name: "test",
        own: "west",
        others: ["east", "south"],
        users: { ...credentials, others: { ...credentials.others, east: { user: "east.west", password: "guess" } } }
      })
      const error = yield* Effect.flip(Layer.build(layer))
      assert.strictEqual(error._tag, "LinkError")
      assert.include(error.reason, "east.west")
      assert.notInclude(JSON.stringify(error), "guess")
    }))

  test("answer nobody who names no inbox of a known datacenter", () =>
    Effect.gen(function*() {
      const east = yield* ground().open("east")
      let asked = 0
      yield* east.answer("count", () => Effect.sync(() => {
        asked++
        return bytes("answer")
      }))
      const owner = yield* intruder("east", "east", "east")
      const before = yield* streamState(owner)
      const west = yield* intruder("east", "east", "west")
      for (const reply of [linkNames.toAll, "_INBOX_atlantis.x", "_INBOX_.x"]) {
        west.publish(linkNames.question("east", "count"), bytes("?"), { reply })
      }
      yield* Effect.promise(() => west.request(linkNames.question("east", "count"), bytes("?"), { timeout: 20_000 }))
      assert.strictEqual(asked, 1)
      assert.deepStrictEqual(yield* streamState(owner), before)
    }))

  test("go on when servers restart, on either side of the link, with what was not taken", () =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground().open("east"), yield* ground().open("west")]
      const atWest = yield* reading(west, "east")
      const send = (text: string, ...more: ReadonlyArray<string>) =>
        Effect.eventually(east.send([text, ...more].map((each) => ({ id: `restart-${each}`, to: toOne("west"), data: bytes(each) }))))
      yield* send("first")
      yield* until("the first came", () => atWest.includes("first"))
      yield* ground().stop("west")
      yield* send("reader-away-1", "reader-away-2")
      yield* ground().start("west")
      yield* until("both came", () => ["reader-away-1", "reader-away-2"].every((text) => atWest.includes(text)))
      yield* send("kept")
      yield* ground().stop("east")
      assert.strictEqual((yield* Effect.flip(east.send([{ id: "restart-lost", to: toAll, data: bytes("lost") }])))._tag, "LinkError")
      yield* until("west knows", () => !west.state("east").connected)
      yield* ground().start("east")
      yield* send("after")
      yield* until("both came", () => ["kept", "after"].every((text) => atWest.includes(text)))
      yield* until("west sees east", () => west.state("east").connected)
    }))

  test("go on when the stream alone is deleted", () =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground().open("east"), yield* ground().open("west")]
      const atWest = yield* reading(west, "east")
      const owner = yield* intruder("east", "east", "east")
      yield* Effect.promise(async () => (await jetstreamManager(owner, { checkAPI: false })).streams.delete(linkNames.stream))
      yield* Effect.eventually(east.send([{ id: "deleted", to: toAll, data: bytes("again") }]))
      yield* until("it came", () => atWest.includes("again"))
    }))

  test("tell other servers no way round the proxies, for when they connect again", () =>
    Effect.gen(function*() {
      const { leafPort } = ground().servers.get("east")!
      const greeting = yield* Effect.tryPromise(async () => {
        const socket = connectSocket(leafPort, "127.0.0.1").setTimeout(20_000, () => socket.destroy(new Error("no greeting")))
        try {
          for await (const chunk of socket) return String(chunk)
          return "closed"
        } finally {
          socket.destroy()
        }
      })
      assert.match(greeting, /^INFO .*"leafnode_urls"/)
      assert.notInclude(greeting, `:${leafPort}`)
    }))

  test("cut one way stop both the messages and the answers", () =>
    Effect.gen(function*() {
      const [east, west] = [yield* ground().open("east"), yield* ground().open("west")]
      const atWest = yield* reading(west, "east")
      yield* until("west sees east", () => west.state("east").connected)
      ground().cut("west", "east", true)
      yield* until("west knows", () => !west.state("east").connected)
      yield* Effect.eventually(east.send([{ id: "one-way", to: toAll, data: bytes("one-way") }]))
      ground().heal("east", "west")
      yield* until("it came", () => atWest.includes("one-way"))
    }))

  test("fail at the start where there is no server", () =>
    Effect.gen(function*() {
      const users = { own: { user: "a", password: "b" }, others: {} }
      const layer = LinksNats.layer({ url: "nats://127.0.0.1:1", name: "test", own: "east", others: [], users })
      assert.strictEqual((yield* Effect.flip(Layer.build(layer)))._tag, "LinkError")
    }))
})

describe("What the links' servers and clients call things", () => {
  it("tells who waits at a reply subject", () => {
    for (const name of [...names, "eu-1", "a_b"]) assert.strictEqual(linkNames.asker(`${linkNames.inboxPrefix(name)}.XYZ.1`), name)
    for (const reply of [undefined, "", "_INBOX.XYZ", "gossip.all", "x_INBOX_east.1", "_INBOX_east", "_INBOX_east.>"]) {
      assert.isUndefined(linkNames.asker(reply))
    }
  })
})
