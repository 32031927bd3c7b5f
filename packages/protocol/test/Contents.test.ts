import { assert, describe, it } from "@effect/vitest"
import type { Content } from "@rookery/domain/Content"
import type { AccountId, MediaId, PostId } from "@rookery/domain/Ids"
import * as Media from "@rookery/domain/Media"
import * as Contents from "@rookery/protocol/Contents"

const picture = (id: bigint, more: Partial<Media.Media> = {}): Media.Media => ({
  id: id as MediaId,
  stem: Media.stemOf(id, "0123456789abcdef".repeat(2)),
  extension: "webp",
  original: { width: 3_840, height: 1 },
  small: { width: 640, height: 1 },
  blurhash: "LEHV6nWB2yk8",
  description: null,
  focus: null,
  ...more
})

const content = (media: ReadonlyArray<Media.Media>): Content => ({
  id: 5n as PostId,
  version: 3,
  text: "rook ✓",
  spoiler: "",
  language: null,
  mentions: [{ id: 6n as AccountId, username: "ann" }],
  media
})

describe("Contents", () => {
  it("come with their pictures as they were", () => {
    const contents = [content([]), content([picture(7n, { description: "", focus: { x: -0.123456789, y: 1 } }), picture(8n, { extension: "jpg", description: "a rook" })])]
    const bytes = Contents.encodeAnswer({ contents, later: [9n as PostId] })
    assert.deepStrictEqual(Contents.decodeAnswer(bytes), { contents, later: [9n as PostId] })
    for (let length = 0; length < bytes.length; length++) assert.throws(() => Contents.decodeAnswer(bytes.subarray(0, length)), RangeError)
  })

  it("are refused with a picture that is no key of ours, or has no size", () => {
    for (const wrong of [{ stem: "../../etc/passwd" }, { stem: "https://elsewhere.example/a" }, { original: { width: 0, height: 1 } }, { focus: { x: Number.NaN, y: 0 } }]) {
      const bytes = Contents.encodeAnswer({ contents: [content([picture(7n, wrong)])], later: [] })
      assert.throws(() => Contents.decodeAnswer(bytes), RangeError, undefined, JSON.stringify(wrong))
    }
  })
})
