import { assert, describe, it } from "@effect/vitest"
import { once } from "node:events"
import { Duplex } from "node:stream"
import { setImmediate as turn } from "node:timers/promises"
import { gatherWrites } from "../../src/layers/gatherWrites.ts"

/** A socket whose system calls are noted, each as what was written by it. */
const makeSocket = () => {
  const calls: Array<string> = []
  const done = (call: string, callback: () => void) => {
    calls.push(call)
    callback()
  }
  const socket = new Duplex({
    highWaterMark: 8,
    read: () => {},
    write: (chunk: Buffer, _, callback) => done(String(chunk), callback),
    writev: (chunks, callback) => done(chunks.map(({ chunk }) => String(chunk)).join("+"), callback)
  })
  return { socket: gatherWrites(socket), calls }
}

describe("gatherWrites", () => {
  it("makes one call, in order, of what is written within a turn", async () => {
    const { calls, socket } = makeSocket()
    for (const chunk of ["a", "b", "c"]) socket.write(chunk)
    assert.deepStrictEqual(calls, [])
    await turn()
    assert.deepStrictEqual(calls, ["a+b+c"])
    socket.write("d")
    await turn()
    assert.deepStrictEqual(calls, ["a+b+c", "d"])
  })

  it("says when there is too much, and when there is room again", async () => {
    const { calls, socket } = makeSocket()
    assert.isTrue(socket.write("1234"))
    assert.isFalse(socket.write("5678"))
    await once(socket, "drain")
    assert.deepStrictEqual(calls, ["1234+5678"])
  })

  it("loses nothing to an end in the same turn", async () => {
    const { calls, socket } = makeSocket()
    socket.write("a")
    socket.write("b")
    socket.end("c")
    await once(socket, "finish")
    assert.deepStrictEqual(calls, ["a+b+c"])
  })

  it("survives that the socket breaks in the same turn", async () => {
    const { calls, socket } = makeSocket()
    socket.write("a")
    socket.destroy()
    await turn()
    assert.deepStrictEqual(calls, [])
  })
})
