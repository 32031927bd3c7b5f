/**
 * A post as bytes of JSON that know no viewer: `head`, then the author's account, then `tail`. The viewer's marks
 * stand at fixed places of the tail and are as long when they are true (`true ` instead of `false`), so that showing
 * one is a matter of overwriting five bytes of a copy.
 */
import type { LocalNo, PostId } from "@rookery/domain/Ids"
import type { Post, Visibility } from "@rookery/domain/Post"
import * as PostParts from "@rookery/domain/PostParts"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Account from "./Account.ts"
import type { Addresses } from "./Addresses.ts"
import * as Json from "./JsonBytes.ts"
import * as Media from "./Media.ts"
import * as Text from "./Text.ts"

export interface RenderedPost {
  readonly id: PostId
  readonly authorNo: LocalNo
  readonly visibility: Visibility
  readonly repostOf: PostId | null
  readonly pinned: boolean
  /** Whether anybody liked, reposted or bookmarked it. */
  readonly isMarked: boolean
  /** All that is known of it. Pages look at the above: of a post that is kept this is made anew each time. */
  readonly post: Post
  /** The author's, which never changes. */
  readonly username: string
  /** Normalised, as in PostParts. */
  readonly tags: ReadonlyArray<string>
  /** Bytes of UTF-8, each a character. */
  readonly head: string
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

/** What is the same in all statuses of a server: its host, and what stands before a username. */
interface Origin {
  readonly publicUrl: string
  readonly host: string
  readonly uri: Buffer
  readonly url: Buffer
}

const makeOrigin = (publicUrl: string): Origin => {
  const text = JSON.stringify(publicUrl).slice(1, -1)
  return {
    publicUrl,
    host: new URL(publicUrl).host,
    uri: Buffer.from(`,"uri":"${Account.actorUri(text, "")}`),
    url: Buffer.from(`","url":"${Account.profileUrl(text, "")}`)
  }
}

/** Of the server that was asked for last: a process is one. */
let origin = makeOrigin("http://localhost")

const originOf = (publicUrl: string): Origin => {
  if (origin.publicUrl !== publicUrl) origin = makeOrigin(publicUrl)
  return origin
}

/** What the names in a post's text lead to. */
export const namesOf = (post: Pick<Post, "mentions">, publicUrl: string): Text.Names => ({
  publicUrl,
  host: originOf(publicUrl).host,
  people: new Map(post.mentions.map(({ username }) => [username.toLowerCase(), username]))
})

const mentionEntity = (publicUrl: string) => ({ id, username }: Post["mentions"][number]) => ({
  id: String(id),
  username,
  url: Account.profileUrl(publicUrl, username),
  acct: username
})

/** What a post's text names. */
interface Named {
  readonly parts: ReadonlyArray<PostParts.Part>
  readonly tags: ReadonlyArray<string>
}

/** What is the same in every status, in order. */
const pieces = {
  id: Buffer.from(`{"id":"`),
  createdAt: Buffer.from(`","created_at":"`),
  replyTo: Buffer.from(`","in_reply_to_id":`),
  replyToAuthor: Buffer.from(`,"in_reply_to_account_id":`),
  notSensitive: Buffer.from(`,"sensitive":false,"spoiler_text":`),
  sensitive: Buffer.from(`,"sensitive":true,"spoiler_text":`),
  visibility: Buffer.from(`,"visibility":"`),
  language: Buffer.from(`","language":`),
  ofUri: Buffer.from("/statuses/"),
  replies: Buffer.from(`","replies_count":`),
  reposts: Buffer.from(`,"reblogs_count":`),
  likes: Buffer.from(`,"favourites_count":`),
  editedAt: Buffer.from(`,"quotes_count":0,"edited_at":`),
  content: Buffer.from(`,"content":`),
  mentions: Buffer.from(`,"mentions":`),
  tags: Buffer.from(`,"tags":`),
  media: Buffer.from(`,"media_attachments":`),
  account: Buffer.from(`,"account":`)
}

const writeId = (id: bigint | null): void => Json.ascii(id === null ? "null" : `"${id}"`)

const writeOrNull = (text: string | null): void => text === null ? Json.ascii("null") : Json.string(text)

const writeFacts = (id: string, post: Post): void => {
  Json.bytes(pieces.id)
  Json.ascii(id)
  Json.bytes(pieces.createdAt)
  Json.instant(Snowflake.millisOf(post.id))
  Json.bytes(pieces.replyTo)
  writeId(post.replyTo)
  Json.bytes(pieces.replyToAuthor)
  writeId(post.replyToAuthor)
  Json.bytes(post.sensitive ? pieces.sensitive : pieces.notSensitive)
  Json.string(post.spoiler)
  Json.bytes(pieces.visibility)
  Json.ascii(post.visibility)
  Json.bytes(pieces.language)
  writeOrNull(post.language)
}

/** Where it is; the last string is left open. */
const writeAddresses = (id: string, username: string, { uri, url }: Origin): void => {
  Json.bytes(uri)
  Json.inner(username)
  Json.bytes(pieces.ofUri)
  Json.ascii(id)
  Json.bytes(url)
  Json.inner(username)
  Json.ascii("/")
  Json.ascii(id)
}

const writeCounts = ({ editedAt, likes, replies, reposts }: Post): void => {
  Json.bytes(pieces.replies)
  Json.ascii(String(replies))
  Json.bytes(pieces.reposts)
  Json.ascii(String(reposts))
  Json.bytes(pieces.likes)
  Json.ascii(String(likes))
  Json.bytes(pieces.editedAt)
  writeOrNull(editedAt === null ? null : new Date(editedAt).toISOString())
}

const writeList = <A>(items: ReadonlyArray<A>, entity: (item: A) => unknown): void =>
  items.length === 0 ? Json.ascii("[]") : Json.json(JSON.stringify(items.map(entity)))

const headOf = (post: Post, username: string, named: Named, addresses: Addresses): string => {
  const { publicUrl } = addresses
  const id = String(post.id)
  const html = Text.toHtml(post.text, named.parts.length === 0 ? undefined : namesOf(post, publicUrl), named.parts)
  Json.begin()
  writeFacts(id, post)
  writeAddresses(id, username, originOf(publicUrl))
  writeCounts(post)
  Json.bytes(pieces.content)
  Json.string(html)
  Json.bytes(pieces.mentions)
  writeList(post.mentions, mentionEntity(publicUrl))
  Json.bytes(pieces.tags)
  writeList(named.tags, (name) => ({ name, url: Text.tagUrl(publicUrl, name) }))
  Json.bytes(pieces.media)
  writeList(post.media, (media) => Media.entity(media, addresses))
  Json.bytes(pieces.account)
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

export const isMarked = ({ bookmarks, likes, reposts }: Post): boolean => likes > 0 || reposts > 0 || bookmarks > 0

export const tailOf = (isWrapper: boolean): Buffer => isWrapper ? wrapperTail : plainTail

export const render = (post: Post, username: string, addresses: Addresses): RenderedPost => {
  const parts = PostParts.parse(post.text)
  const tags = PostParts.tagsAmong(parts)
  const { authorNo, id, pinned, repostOf, visibility } = post
  return {
    id,
    authorNo,
    visibility,
    repostOf,
    pinned,
    isMarked: isMarked(post),
    post,
    username,
    tags,
    head: headOf(post, username, { parts, tags }, addresses),
    tail: tailOf(repostOf !== null)
  }
}
