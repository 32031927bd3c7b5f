/** What a status is rendered as, byte for byte, against the plain form of it. */
import { assert, describe, inject, it } from "@effect/vitest"
import { AccountId, LocalNo, MediaId, PostId } from "@rookery/domain/Ids"
import type { Media } from "@rookery/domain/Media"
import { type Post, visibilities } from "@rookery/domain/Post"
import * as PostParts from "@rookery/domain/PostParts"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Seeded from "@rookery/testkit/Seeded"
import * as Json from "../src/render/JsonBytes.ts"
import * as Status from "../src/render/Status.ts"
import * as Plain from "./plainStatus.ts"

const runs = 3_000

const usernames = ["ada", "Bob_2", "carl.x", "ANN"]
const words = [
  "word", "two words", "don't", "\"quoted\"", "a < b && c > d", "back\\slash", "\b\f\t\v\u0000\u001f\u007f\u0085", "Grüße", "鳥", "🐦", "👩‍👩‍👧", "\u2028\u2029",
  "\ud83d", "\udc26", "\udc26\ud83d", "\ufeff", "\u00a0", "#cats", "#Cats", "＃ＣＡＴＳ", "#2026", "#x·y·", "#день", "@ada", "@ADA", "@carl.x.", "@nobody",
  "@bob_2@rookery.example", "@ada@elsewhere.example", "me@ada", "https://a.example/@ada#cats?a=1&b='2'", "(HTTP://b.example/x).", "http://[", "://", "&#39;"
]
const breaks = ["", " ", " ", " ", ", ", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", "\r\r\n", "\n \n", "\t"]

const textOf = (random: Seeded.Seeded, wordsMax: number): string =>
  Array.from({ length: random.int(wordsMax) }, () => random.pick(words) + random.pick(breaks)).join("")

const idOf = (random: Seeded.Seeded): bigint => (BigInt(random.int(2 ** 31)) << 32n) | BigInt(1 + random.int(2 ** 32 - 1))

const mediaOf = (random: Seeded.Seeded): Media => ({
  id: MediaId.make(idOf(random)),
  stem: "00/9-0",
  extension: random.pick(["jpg", "webp"]),
  original: { width: 1 + random.int(4_000), height: 1 + random.int(4_000) },
  small: { width: 640, height: 480 },
  blurhash: "LEHV6nWB2yk8",
  description: random.chance(0.5) ? null : textOf(random, 5),
  focus: random.chance(0.5) ? null : { x: random.next(), y: -random.next() }
})

const listOf = <A>(random: Seeded.Seeded, share: number, one: () => A): Array<A> =>
  random.chance(share) ? Array.from({ length: 1 + random.int(3) }, one) : []

const countOf = (random: Seeded.Seeded): number => random.pick([0, 0, 1, 10, 4_000_000, random.int(2 ** 31)])

const orNull = <A>(random: Seeded.Seeded, make: () => A): A | null => random.chance(0.3) ? make() : null

const postOf = (random: Seeded.Seeded): Post => ({
  id: PostId.make(idOf(random)),
  author: AccountId.make(7n),
  authorNo: LocalNo.make(8),
  text: textOf(random, random.pick([1, 2, 4, 12])),
  spoiler: random.chance(0.7) ? "" : textOf(random, 4),
  sensitive: random.chance(0.3),
  visibility: random.pick(visibilities),
  language: random.pick([null, "", "de", "zh-TW"]),
  replyTo: orNull(random, () => PostId.make(idOf(random))),
  replyToAuthor: orNull(random, () => AccountId.make(idOf(random))),
  repostOf: orNull(random, () => PostId.make(idOf(random))),
  editedAt: orNull(random, () => 1_735_689_600_000 + random.int(2 ** 40)),
  version: 1,
  likes: countOf(random),
  reposts: countOf(random),
  replies: countOf(random),
  bookmarks: 0,
  pinned: false,
  mentions: listOf(random, 0.4, () => ({ id: AccountId.make(idOf(random)), username: random.pick(usernames) })),
  media: listOf(random, 0.2, () => mediaOf(random))
})

const addresses = { publicUrl: "https://rookery.example" }

/** Valid UTF-8 with nothing replaced in it is the bytes. */
const shown = (post: Post, username: string, from = addresses) => {
  const { head, tags } = Status.render(post, username, from)
  return { head: Json.textOf(head), tags }
}

const plain = (post: Post, username: string, from = addresses) =>
  ({ head: Plain.headOf(post, username, from), tags: PostParts.tagsOf(post.text) })

describe("a status", () => {
  const seed = inject("oracleSeed")

  it(`is byte for byte what JSON.stringify makes of its fields, whatever the post holds (seed ${seed})`, () => {
    const random = Seeded.make(seed)
    const urls = ["https://rookery.example", "http://localhost:3000", "https://bücher.example/\"under\""]
    for (let run = 0; run < runs; run++) {
      const post = postOf(random)
      const username = random.pick([...usernames, "\"ünsafe\""])
      const from = { publicUrl: random.pick(urls) }
      assert.deepStrictEqual(shown(post, username, from), plain(post, username, from), `seed ${seed}, run ${run}`)
    }
  })

  it("keeps its bytes when others are rendered after it", () => {
    const random = Seeded.make(seed)
    const posts = Array.from({ length: 50 }, () => postOf(random))
    const heads = posts.map((post) => Status.render(post, "ada", addresses).head)
    heads.forEach((head, i) => assert.strictEqual(Json.textOf(head), plain(posts[i]!, "ada").head, `seed ${seed}, post ${i}`))
  })

  it("may be larger than what most fit in, and the next is as small as ever", () => {
    for (const text of ["x".repeat(200_000), "\u0001".repeat(30_000), `${"y".repeat(65_000)}鳥`, "鳥\"".repeat(40_000), "short"]) {
      const post = { ...postOf(Seeded.make(seed)), text, spoiler: text }
      assert.deepStrictEqual(shown(post, "ada"), plain(post, "ada"), `seed ${seed}, ${text.slice(0, 5)}`)
    }
  })

  it("has the time of its id, also at the edges of a day", () => {
    const day = Date.UTC(2026, 1, 28)
    for (const offset of [0, 1, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, -1, 86_400_000 * 700]) {
      const post = { ...postOf(Seeded.make(seed)), id: PostId.make(BigInt(day + offset - Snowflake.epochMillis) << 22n) }
      assert.deepStrictEqual(shown(post, "ada"), plain(post, "ada"), `seed ${seed}, offset ${offset}`)
    }
  })
})
