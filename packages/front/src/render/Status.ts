/**
 * A post as bytes of JSON that know no viewer: `head`, then the author's account, then `tail`. The viewer's marks
 * stand at fixed places of the tail and are as long when they are true (`true ` instead of `false`), so that showing
 * one is a matter of overwriting five bytes of a copy.
 */
import type { Post } from "@rookery/domain/Post"
import * as PostParts from "@rookery/domain/PostParts"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Account from "./Account.ts"
import type { Addresses } from "./Addresses.ts"
import * as Json from "./JsonBytes.ts"
import * as Media from "./Media.ts"
import * as Text from "./Text.ts"

export interface RenderedPost {
  readonly post: Post
  /** The author's, which never changes. */
  readonly username: string
  /** Normalised, as in PostParts. */
  readonly tags: ReadonlyArray<string>
  readonly head: Buffer
  /** For a wrapper it ends where the wrapped status goes in. */
  readonly tail: Buffer
}

/** The marks, in the tail. */
const marks = ",\"favourited\":false,\"reblogged\":false,\"bookmarked\":false,\"pinned\":false,\"muted\":false"
const placeOf = (name: string): number => marks.indexOf(`"${name}":`) + name.length + 3
export const favouritedAt = placeOf("favourited")
export const rebloggedAt = placeOf("reblogged")
export const bookmarkedAt = placeOf("bookmarked")
export const pinnedAt = placeOf("pinned")
export const mutedAt = placeOf("muted")
/** What a mark's place holds when it is set; JSON allows the space. */
export const trueMark = Buffer.from("true ")

/** Ends the tail of a wrapper, after the wrapped status. */
export const wrapperEnd = Buffer.from("}")

/** What the names in a post's text lead to. */
export const namesOf = (post: Pick<Post, "mentions">, publicUrl: string): Text.Names => ({
  publicUrl,
  // Looked at for names alone, which few texts have.
  get host() {
    return new URL(publicUrl).host
  },
  people: new Map(post.mentions.map(({ username }) => [username.toLowerCase(), username]))
})

const mentionEntity = (publicUrl: string) => ({ id, username }: Post["mentions"][number]) => ({
  id: String(id),
  username,
  url: Account.profileUrl(publicUrl, username),
  acct: username
})

const writeId = (id: bigint | null): void => Json.ascii(id === null ? "null" : `"${id}"`)

const writeOrNull = (text: string | null): void => text === null ? Json.ascii("null") : Json.string(text)

const writeList = (items: ReadonlyArray<unknown>): void => items.length === 0 ? Json.ascii("[]") : Json.json(JSON.stringify(items))

/** Up to the address, within which the string is left open. */
const writeFacts = (id: string, post: Post): void => {
  Json.ascii("{\"id\":\"")
  Json.ascii(id)
  Json.ascii("\",\"created_at\":\"")
  Json.instant(Snowflake.millisOf(post.id))
  Json.ascii("\",\"in_reply_to_id\":")
  writeId(post.replyTo)
  Json.ascii(",\"in_reply_to_account_id\":")
  writeId(post.replyToAuthor)
  Json.ascii(post.sensitive ? ",\"sensitive\":true,\"spoiler_text\":" : ",\"sensitive\":false,\"spoiler_text\":")
  Json.string(post.spoiler)
  Json.ascii(",\"visibility\":\"")
  Json.ascii(post.visibility)
  Json.ascii("\",\"language\":")
  writeOrNull(post.language)
}

/** `uri` and `url`. */
const writeAddresses = (id: string, username: string, publicUrl: string): void => {
  Json.ascii(",\"uri\":\"")
  Json.inner(publicUrl)
  Json.ascii(Account.actorPath)
  Json.inner(username)
  Json.ascii("/statuses/")
  Json.ascii(id)
  Json.ascii("\",\"url\":\"")
  Json.inner(publicUrl)
  Json.ascii(Text.profilePath)
  Json.inner(username)
  Json.ascii("/")
  Json.ascii(id)
  Json.ascii("\"")
}

const writeCounts = ({ editedAt, likes, replies, reposts }: Post): void => {
  Json.ascii(",\"replies_count\":")
  Json.ascii(String(replies))
  Json.ascii(",\"reblogs_count\":")
  Json.ascii(String(reposts))
  Json.ascii(",\"favourites_count\":")
  Json.ascii(String(likes))
  Json.ascii(",\"quotes_count\":0,\"edited_at\":")
  writeOrNull(editedAt === null ? null : new Date(editedAt).toISOString())
}

const headOf = (post: Post, parts: ReadonlyArray<PostParts.Part>, tags: ReadonlyArray<string>, username: string, addresses: Addresses): Buffer => {
  const { publicUrl } = addresses
  const id = String(post.id)
  const html = Text.toHtml(post.text, parts.length === 0 ? undefined : namesOf(post, publicUrl), parts)
  Json.begin()
  writeFacts(id, post)
  writeAddresses(id, username, publicUrl)
  writeCounts(post)
  Json.ascii(",\"content\":")
  Json.string(html)
  Json.ascii(",\"mentions\":")
  writeList(post.mentions.map(mentionEntity(publicUrl)))
  Json.ascii(",\"tags\":")
  writeList(tags.map((name) => ({ name, url: Text.tagUrl(publicUrl, name) })))
  Json.ascii(",\"media_attachments\":")
  writeList(post.media.map((media) => Media.entity(media, addresses)))
  Json.ascii(",\"account\":")
  return Json.finish()
}

/** What no post of Rookery has yet, and what ends the status. */
const rest = JSON.stringify({
  filtered: [],
  application: null,
  emojis: [],
  card: null,
  poll: null,
  quote: null,
  quote_approval: null
}).slice(1, -1)

const plainTail = Buffer.from(`${marks},${rest},"reblog":null}`)
const wrapperTail = Buffer.from(`${marks},${rest},"reblog":`)

export const render = (post: Post, username: string, addresses: Addresses): RenderedPost => {
  const parts = PostParts.parse(post.text)
  const tags = PostParts.tagsAmong(parts)
  return {
    post,
    username,
    tags,
    head: headOf(post, parts, tags, username, addresses),
    tail: post.repostOf === null ? plainTail : wrapperTail
  }
}

/** Bytes that a cached rendering takes, its objects included. */
export const sizeOf = (rendered: RenderedPost): number => rendered.head.length + rendered.post.text.length * 2 + 600
