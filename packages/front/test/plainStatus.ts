/** A status's head as an object of its fields and `JSON.stringify` have it, and its text line by line: what the rendering is held to. */
import type { Post } from "@rookery/domain/Post"
import * as PostParts from "@rookery/domain/PostParts"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { Addresses } from "../src/render/Addresses.ts"
import * as Media from "../src/render/Media.ts"

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;" }

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character]!)

const anchorOf = (part: PostParts.Part, shown: string, post: Post, publicUrl: string): string | undefined => {
  if (part.kind === "link") {
    const [scheme, ...rest] = shown.split(/(?<=^[a-z]+:\/\/)/i) as [string, ...Array<string>]
    return `<a href="${escaped(shown)}" rel="nofollow noopener noreferrer" target="_blank">` +
      `<span class="invisible">${escaped(scheme)}</span><span>${escaped(rest.join(""))}</span></a>`
  }
  if (part.kind === "tag") {
    const url = `${publicUrl}/tags/${encodeURIComponent(part.tag)}`
    return `<a href="${escaped(url)}" class="mention hashtag" rel="tag">#<span>${escaped(shown.slice(1))}</span></a>`
  }
  const isHere = part.domain === undefined || part.domain === new URL(publicUrl).host
  const mention = post.mentions.findLast(({ username }) => username.toLowerCase() === part.name.toLowerCase())
  if (!isHere || mention === undefined) return undefined
  return `<span class="h-card" translate="no"><a href="${escaped(`${publicUrl}/@${mention.username}`)}" class="u-url mention">` +
    `@<span>${escaped(mention.username)}</span></a></span>`
}

const lineHtml = (line: string, post: Post, publicUrl: string): string => {
  let html = ""
  let at = 0
  for (const part of PostParts.parse(line)) {
    const anchor = anchorOf(part, line.slice(part.start, part.end), post, publicUrl)
    if (anchor === undefined) continue
    html += escaped(line.slice(at, part.start)) + anchor
    at = part.end
  }
  return html + escaped(line.slice(at))
}

const contentOf = (post: Post, publicUrl: string): string => {
  const trimmed = post.text.replaceAll("\r\n", "\n").trim()
  if (trimmed === "") return ""
  return trimmed.split(/\n{2,}/)
    .map((paragraph) => `<p>${paragraph.split("\n").map((line) => lineHtml(line, post, publicUrl)).join("<br />")}</p>`).join("")
}

const textOrNull = (id: bigint | null): string | null => id === null ? null : String(id)

export const headOf = (post: Post, username: string, addresses: Addresses): string => {
  const { publicUrl } = addresses
  const fields = {
    id: String(post.id),
    created_at: new Date(Snowflake.millisOf(post.id)).toISOString(),
    in_reply_to_id: textOrNull(post.replyTo),
    in_reply_to_account_id: textOrNull(post.replyToAuthor),
    sensitive: post.sensitive,
    spoiler_text: post.spoiler,
    visibility: post.visibility,
    language: post.language,
    uri: `${publicUrl}/users/${username}/statuses/${post.id}`,
    url: `${publicUrl}/@${username}/${post.id}`,
    replies_count: post.replies,
    reblogs_count: post.reposts,
    favourites_count: post.likes,
    quotes_count: 0,
    edited_at: post.editedAt === null ? null : new Date(post.editedAt).toISOString(),
    content: contentOf(post, publicUrl),
    mentions: post.mentions.map((mention) =>
      ({ id: String(mention.id), username: mention.username, url: `${publicUrl}/@${mention.username}`, acct: mention.username })),
    tags: PostParts.tagsOf(post.text).map((name) => ({ name, url: `${publicUrl}/tags/${encodeURIComponent(name)}` })),
    media_attachments: post.media.map((media) => Media.entity(media, addresses))
  }
  return `${JSON.stringify(fields).slice(0, -1)},"account":`
}
