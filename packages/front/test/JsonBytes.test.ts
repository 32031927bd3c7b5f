import { assert, describe, it } from "@effect/vitest"
import * as Json from "../src/render/JsonBytes.ts"

const written = (text: string): string => {
  Json.begin()
  Json.string(text)
  return Json.finish()
}

describe("JSON written into bytes", () => {
  it("is as many characters as it has bytes of UTF-8, however short or long", () => {
    for (const length of [0, 1, 24, 1_000, 31_000, 64 * 1024, 300_000]) {
      for (const letter of ["x", "é", "鳥", "🐦"]) {
        const text = letter.repeat(length)
        const whole = written(text)
        assert.strictEqual(whole.length, Buffer.byteLength(text) + 2, `${length} times ${letter}`)
        assert.strictEqual(Json.textOf(whole), `"${text}"`)
      }
    }
  })

  it("is not changed by what is written next", () => {
    const first = written("first")
    const long = written("é\"\\\u2028".repeat(40_000))
    written("third")
    assert.strictEqual(Json.textOf(first), "\"first\"")
    assert.strictEqual(JSON.parse(Json.textOf(long)), "é\"\\\u2028".repeat(40_000))
  })

  it("forgets what was begun and not finished", () => {
    Json.begin()
    Json.string("thrown away")
    assert.strictEqual(Json.textOf(written("whole")), "\"whole\"")
  })
})
