import { assert, describe, it } from "@effect/vitest"
import { type Media } from "@rookery/domain/Media"
import { AccountId, LocalNo, MediaId, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import { Post as PostSchema } from "@rookery/domain/Post"
import * as PackedPosts from "../src/read/PackedPosts.ts"
import * as Status from "../src/render/Status.ts"

const id = (1n << 62n) + 12_345n
const addresses = { publicUrl: "https://rookery.example" }

const plain: Post = {
  id: PostId.make(id),
  author: AccountId.make((1n << 61n) + 7n),
  authorNo: LocalNo.make(4_000_000_000),
  text: "Grüße, 鳥 🐦 and a #tag\nsecond line",
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: null,
  replyTo: null,
  replyToAuthor: null,
  repostOf: null,
  editedAt: null,
  version: 1,
  likes: 0,
  reposts: 0,
  replies: 0,
  bookmarks: 0,
  pinned: false,
  mentions: [],
  media: []
}

const picture: Media = {
  id: MediaId.make(9n), stem: "00/9-0", extension: "webp", original: { width: 1, height: 1 }, small: { width: 1, height: 1 },
  blurhash: "", description: null, focus: null
}

/** With something before and behind it. */
const roundTrip = (post: Post) => {
  const packed = PackedPosts.pack(post, "ada")!
  const bytes = Buffer.concat([Buffer.alloc(5, 1), packed, Buffer.alloc(5, 2)])
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return PackedPosts.unpack(post.id, { bytes, view, start: 5, end: 5 + packed.length })
}

describe("packed posts", () => {
  it.prop("come back as they were, whatever they hold", [PostSchema], ([made]) => {
    const { absent: _, ...post } = { ...made, media: [] }
    // What no store holds (Input.Text): NUL, and halves of surrogate pairs.
    const clean = (text: string) => text.replaceAll("\0", "").toWellFormed()
    const whole: Post = {
      ...post,
      text: clean(post.text),
      spoiler: clean(post.spoiler),
      language: post.language === null ? null : clean(post.language),
      version: Math.abs(post.version) % 2 ** 31,
      likes: Math.abs(post.likes) % 2 ** 31,
      reposts: Math.abs(post.reposts) % 2 ** 31,
      replies: Math.abs(post.replies) % 2 ** 31,
      bookmarks: Math.abs(post.bookmarks) % 2 ** 31,
      mentions: post.mentions.map((mention) => ({ ...mention, username: clean(mention.username) }))
    }
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
    assert.isUndefined(PackedPosts.pack({ ...plain, media: [picture] }, "ada"))
    assert.isUndefined(PackedPosts.pack({ ...plain, absent: true }, "ada"))
    assert.isUndefined(PackedPosts.pack({ ...plain, text: "x".repeat(30_000) }, "ada"))
  })

  it("render as they did before, until they are dropped, too old, or changed into what is not kept so", () => {
    const packed = PackedPosts.make(1024 * 1024, addresses)
    const rendered = Status.render(plain, "ada", addresses)
    packed.put(plain.id, rendered, 60_000)
    assert.deepStrictEqual(packed.get(plain.id, 0), { value: rendered, until: 60_000, isHot: false })
    assert.isUndefined(packed.get(plain.id, 60_000))
    packed.put(plain.id, Status.render({ ...plain, media: [picture] }, "ada", addresses), 60_000)
    assert.isUndefined(packed.get(plain.id, 0), "the form without the picture is gone")
    packed.put(plain.id, rendered, 60_000)
    packed.delete(plain.id)
    assert.isUndefined(packed.get(plain.id, 0))
  })

  it("are hot when they are asked for twice within ten seconds", () => {
    const packed = PackedPosts.make(1024 * 1024, addresses)
    packed.put(plain.id, Status.render(plain, "ada", addresses), 60_000)
    assert.deepStrictEqual([0, 9_999, 19_999, 20_000].map((now) => packed.get(plain.id, now)!.isHot), [false, true, false, true])
  })

  it("are enough behind a cache until they are hot, also when they were not there to be found", () => {
    const packed = PackedPosts.make(1024 * 1024, addresses)
    const put = (post: Post = plain) => packed.put(post.id, Status.render(post, "ada", addresses), 60_000)
    assert.isFalse(put({ ...plain, media: [picture] }), "not kept")
    packed.get(plain.id, 0)
    assert.isTrue(put())
    packed.delete(plain.id)
    packed.get(plain.id, 5_000)
    assert.isFalse(put(), "it was asked for twice")
    packed.get(plain.id, 20_000)
    assert.isTrue(put(), "long ago")
  })
})
