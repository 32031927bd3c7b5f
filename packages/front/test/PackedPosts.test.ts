import { assert, describe, it } from "@effect/vitest"
import type { Post } from "@rookery/domain/Post"
import * as PackedPosts from "../src/read/PackedPosts.ts"
import * as Status from "../src/render/Status.ts"
import { picture, plain } from "./posts.ts"

const addresses = { publicUrl: "https://rookery.example" }

describe("posts behind a cache", () => {
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
