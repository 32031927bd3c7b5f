import { assert, describe, it } from "@effect/vitest"
import { AccountId, PostId } from "@rookery/domain/Ids"
import { type Post, Post as PostSchema, visibilities } from "@rookery/domain/Post"
import * as KeptPosts from "../src/read/KeptPosts.ts"
import * as Status from "../src/render/Status.ts"
import { picture, plain, storable } from "./posts.ts"

const addresses = { publicUrl: "https://rookery.example" }
const render = (post: Post) => Status.render(post, "ada", addresses)

/** All that anybody may ask of a rendering. */
const fieldsOf = ({ authorNo, head, id, isMarked, pinned, post, repostOf, tags, tail, username, visibility }: Status.RenderedPost) =>
  ({ authorNo, head, id, isMarked, pinned, post, repostOf, tags, tail, username, visibility })

describe("a rendering that is kept", () => {
  it.prop("answers as it did before, whatever the post holds", [PostSchema], ([made]) => {
    const rendered = render(storable(made))
    assert.deepStrictEqual(fieldsOf(KeptPosts.keep(rendered)), fieldsOf(rendered))
  })

  it("tells every fact from every other", () => {
    for (const facts of [
      ...visibilities.map((visibility) => ({ visibility })), { pinned: true }, { likes: 1 }, { reposts: 256 }, { bookmarks: 65_536 }, { replies: 1 },
      { sensitive: true }, { repostOf: PostId.make(7n) }, { repostOf: PostId.make((1n << 62n) + 0xffff_ffffn), replyTo: PostId.make(5n) },
      { repostOf: PostId.make(1n << 32n), replyTo: PostId.make(5n), replyToAuthor: AccountId.make(6n) }, { id: PostId.make(0xffff_ffffn) }
    ]) {
      const rendered = render({ ...plain, ...facts })
      assert.deepStrictEqual(fieldsOf(KeptPosts.keep(rendered)), fieldsOf(rendered))
    }
  })

  it("stays as it was when others are kept after it", () => {
    const posts = Array.from({ length: 50 }, (_, n) => ({ ...plain, id: PostId.make(BigInt(n + 1)), text: `${"é".repeat(n * 400)} #n${n}` }))
    const kept = posts.map((post) => KeptPosts.keep(render(post)))
    kept.forEach((one, n) => assert.deepStrictEqual(fieldsOf(one), fieldsOf(render(posts[n]!))))
  })

  it("counts what it takes, and is kept once", () => {
    const rendered = render(plain)
    const kept = KeptPosts.keep(rendered)
    assert.isAbove(KeptPosts.sizeOf(kept), rendered.head.length + Buffer.byteLength(plain.text))
    assert.isBelow(KeptPosts.sizeOf(kept), KeptPosts.sizeOf(rendered))
    assert.strictEqual(KeptPosts.keep(kept), kept)
  })

  it("is the rendering itself where the post has pictures", () => {
    const rendered = render({ ...plain, media: [picture] })
    assert.strictEqual(KeptPosts.keep(rendered), rendered)
  })
})
