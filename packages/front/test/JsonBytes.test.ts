import { assert, describe, it } from "@effect/vitest"
import * as Json from "../src/render/JsonBytes.ts"

const written = (text: string): Buffer => {
  Json.begin()
  Json.string(text)
  return Json.finish()
}

describe("JSON written into bytes", () => {
  it("keeps no more memory than it has bytes, however short or long", () => {
    for (const length of [0, 1, 24, 1_000, 31_000, 64 * 1024, 300_000]) {
      const bytes = written("x".repeat(length))
      assert.strictEqual(bytes.length, length + 2)
      assert.strictEqual(bytes.buffer.byteLength, bytes.length, `a text of ${length}`)
    }
  })

  it("is not changed by what is written next", () => {
    const first = written("first")
    const long = written("é\"\\\u2028".repeat(40_000))
    written("third")
    assert.strictEqual(first.toString(), "\"first\"")
    assert.strictEqual(JSON.parse(long.toString()), "é\"\\\u2028".repeat(40_000))
  })

  it("forgets what was begun and not finished", () => {
    Json.begin()
    Json.string("thrown away")
    assert.strictEqual(written("whole").toString(), "\"whole\"")
  })
})
