/** Posts as tests of renderings want them. */
import { AccountId, LocalNo, MediaId, PostId } from "@rookery/domain/Ids"
import type { Media } from "@rookery/domain/Media"
import type { Post } from "@rookery/domain/Post"

const id = (1n << 62n) + 12_345n
export const plain: Post = {
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

export const picture: Media = {
  id: MediaId.make(9n), stem: "00/9-0", extension: "webp", original: { width: 1, height: 1 }, small: { width: 1, height: 1 },
  blurhash: "", description: null, focus: null
}

/** What no store holds (Input.Text): NUL, and halves of surrogate pairs. */
const clean = (text: string) => text.replaceAll("\0", "").toWellFormed()

const timeOf = (any: number): number => Number.isFinite(any) ? Math.abs(any) % 2 ** 42 : 0

/** Of any post one that a store may hold, without pictures. Times are after 1970 and before 2110. */
export const storable = (made: Post): Post => {
  const { absent: _, ...post } = { ...made, media: [] }
  return {
    ...post,
    text: clean(post.text),
    spoiler: clean(post.spoiler),
    language: post.language === null ? null : clean(post.language),
    editedAt: post.editedAt === null ? null : timeOf(post.editedAt),
    version: Math.abs(post.version) % 2 ** 31,
    likes: Math.abs(post.likes) % 2 ** 31,
    reposts: Math.abs(post.reposts) % 2 ** 31,
    replies: Math.abs(post.replies) % 2 ** 31,
    bookmarks: Math.abs(post.bookmarks) % 2 ** 31,
    mentions: post.mentions.map((mention) => ({ ...mention, username: clean(mention.username) }))
  }
}
