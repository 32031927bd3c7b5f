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

const statusUri = (publicUrl: string, username: string, id: bigint): string =>
  `${Account.actorUri(publicUrl, username)}/statuses/${id}`

const statusUrl = (publicUrl: string, username: string, id: bigint): string =>
  `${Account.profileUrl(publicUrl, username)}/${id}`

const idText = (id: bigint | null): string | null => id === null ? null : String(id)

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

const headOf = (post: Post, tags: ReadonlyArray<string>, username: string, addresses: Addresses): string => {
  const { publicUrl } = addresses
  const fields = {
    id: String(post.id),
    created_at: new Date(Snowflake.millisOf(post.id)).toISOString(),
    in_reply_to_id: idText(post.replyTo),
    in_reply_to_account_id: idText(post.replyToAuthor),
    sensitive: post.sensitive,
    spoiler_text: post.spoiler,
    visibility: post.visibility,
    language: post.language,
    uri: statusUri(publicUrl, username, post.id),
    url: statusUrl(publicUrl, username, post.id),
    replies_count: post.replies,
    reblogs_count: post.reposts,
    favourites_count: post.likes,
    quotes_count: 0,
    edited_at: post.editedAt === null ? null : new Date(post.editedAt).toISOString(),
    content: Text.toHtml(post.text, namesOf(post, publicUrl)),
    mentions: post.mentions.map(mentionEntity(publicUrl)),
    tags: tags.map((name) => ({ name, url: Text.tagUrl(publicUrl, name) })),
    media_attachments: post.media.map((media) => Media.entity(media, addresses))
  }
  return `${JSON.stringify(fields).slice(0, -1)},"account":`
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
  const tags = PostParts.tagsOf(post.text)
  return {
    post,
    username,
    tags,
    head: Buffer.from(headOf(post, tags, username, addresses)),
    tail: post.repostOf === null ? plainTail : wrapperTail
  }
}

/** Bytes that a cached rendering takes, its objects included. */
export const sizeOf = (rendered: RenderedPost): number => rendered.head.length + rendered.post.text.length * 2 + 600
