import { assert, describe, it } from "@effect/vitest"
import * as Words from "@rookery/protocol/Words"

describe("words of a message", () => {
  it("are read from a Node Buffer at an odd offset, as sockets bring them", () => {
    const frame = Buffer.alloc(64)
    frame.writeUInt32LE(7, 3)
    frame.writeUInt32LE(0xffff_fffe, 7)
    assert.deepStrictEqual([...Words.words(frame.subarray(3, 11))], [7, 0xffff_fffe])
  })
})
