import { assert, describe, it } from "@effect/vitest"
import { AccountId, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import { Post as PostSchema } from "@rookery/domain/Post"
import * as PostBytes from "../src/read/PostBytes.ts"
import { picture, plain, storable } from "./posts.ts"

/** With something before and behind it. */
const roundTrip = (post: Post) => {
  const packed = PostBytes.pack(post, "ada")!
  const bytes = Buffer.concat([Buffer.alloc(5, 1), packed, Buffer.alloc(5, 2)])
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return PostBytes.unpack(post.id, { bytes, view, start: 5, end: 5 + packed.length })
}

describe("packed posts", () => {
  it.prop("come back as they were, whatever they hold", [PostSchema], ([made]) => {
    const whole = storable(made)
    assert.deepStrictEqual(roundTrip(whole), { post: whole, username: "ada" })
  })

  it("tell a language that is empty from none, and keep every flag apart", () => {
    for (const flags of [
      { language: "" }, { language: "de" }, { sensitive: true }, { pinned: true }, { visibility: "direct" as const },
      { replyTo: PostId.make(5n) }, { replyToAuthor: AccountId.make(6n) }, { repostOf: PostId.make(7n) }, { editedAt: 1_764_000_000_123 }
    ]) {
      const post = { ...plain, ...flags }
      assert.deepStrictEqual(roundTrip(post).post, post)
    }
  })

  it("are not made of posts with pictures, without content, or larger than any may be", () => {
    assert.isUndefined(PostBytes.pack({ ...plain, media: [picture] }, "ada"))
    assert.isUndefined(PostBytes.pack({ ...plain, absent: true }, "ada"))
    assert.isUndefined(PostBytes.pack({ ...plain, text: "x".repeat(30_000) }, "ada"))
  })
})
