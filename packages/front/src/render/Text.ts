/** Plain text as the HTML that clients show: escaped, in paragraphs, with links for addresses, people and tags. */
import * as PostParts from "@rookery/domain/PostParts"

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;" }

export const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character]!)

/** What names in a text lead to. */
export interface Names {
  readonly publicUrl: string
  /** The host of `publicUrl`. */
  readonly host: string
  /** Those who are mentioned: names as their owners write them, by the name in lower case. */
  readonly people: ReadonlyMap<string, string>
}

const link = (url: string): string => {
  const scheme = url.slice(0, url.indexOf("//") + 2)
  return `<a href="${escape(url)}" rel="nofollow noopener noreferrer" target="_blank">` +
    `<span class="invisible">${escape(scheme)}</span><span>${escape(url.slice(scheme.length))}</span></a>`
}

export const profileUrl = (publicUrl: string, username: string): string => `${publicUrl}/@${username}`

export const tagUrl = (publicUrl: string, tag: string): string => `${publicUrl}/tags/${encodeURIComponent(tag)}`

/** Mentions and tags as clients know them: they find both by these classes. */
const nameLink = (part: PostParts.Part, text: string, names: Names | undefined): string | undefined => {
  if (names === undefined || part.kind === "link") return undefined
  if (part.kind === "tag") {
    return `<a href="${escape(tagUrl(names.publicUrl, part.tag))}" class="mention hashtag" rel="tag">#<span>${escape(text.slice(1))}</span></a>`
  }
  const username = PostParts.isLocal(part, names.host) ? names.people.get(part.name.toLowerCase()) : undefined
  if (username === undefined) return undefined
  return `<span class="h-card" translate="no"><a href="${escape(profileUrl(names.publicUrl, username))}" class="u-url mention">` +
    `@<span>${escape(username)}</span></a></span>`
}

const linked = (text: string, names: Names | undefined, parts: ReadonlyArray<PostParts.Part>, from: number, to: number): string => {
  let html = ""
  let at = from
  for (const part of parts) {
    const shown = text.slice(part.start, part.end)
    const anchor = part.kind === "link" ? link(shown) : nameLink(part, shown, names)
    if (anchor === undefined) continue
    html += escape(text.slice(at, part.start)) + anchor
    at = part.end
  }
  return html + escape(text.slice(at, to))
}

/** One line, escaped and with its links. */
export const linkify = (text: string): string => linked(text, undefined, PostParts.parse(text), 0, text.length)

/** Parts hold no white space, so none of them stands at the ends that are cut off, or in two lines. */
const inParagraphs = (html: string): string =>
  html.includes("\n") ? html.replaceAll("\r\n", "\n").replaceAll(/\n{2,}/g, "</p><p>").replaceAll("\n", "<br />") : html

/** Without `names` only addresses become links. `parts` are the text's, for who knows them already. */
export const toHtml = (text: string, names?: Names, parts = PostParts.parse(text)): string => {
  const from = text.length - text.trimStart().length
  const to = text.trimEnd().length
  return from >= to ? "" : `<p>${inParagraphs(linked(text, names, parts, from, to))}</p>`
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })

/** What every address counts for, however long it is. */
export const charactersPerUrl = 23

/** Code units that one character may have on average: a pile of combining marks is no text. */
const unitsPerCharacterMax = 16

/** Whether `text` has at most `max` characters as a person counts them. */
export const fits = (text: string, max: number): boolean => {
  if (text.length > max * unitsPerCharacterMax) return false
  const counted = text.includes("://") ? text.replaceAll(PostParts.address, "x".repeat(charactersPerUrl)) : text
  if (counted.length <= max) return true
  let characters = 0
  for (const _ of segmenter.segment(counted)) if (++characters > max) return false
  return true
}
