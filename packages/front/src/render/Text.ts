/** Plain text as the HTML that clients show: escaped, in paragraphs, with links where there are addresses. */

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;" }

export const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character]!)

const address = /https?:\/\/[^\s<>"'`\\^{|}]+/gi

/** Marks at the end of an address that belong to the sentence around it; a bracket only where none was opened. */
const trimEnd = (url: string): string => {
  let end = url.length
  while (end > 0) {
    const last = url[end - 1]!
    const isClosing = last === ")" && !url.slice(0, end).includes("(")
    if (!isClosing && !".,;:!?…»".includes(last)) break
    end--
  }
  return url.slice(0, end)
}

const link = (url: string): string => {
  const scheme = url.slice(0, url.indexOf("//") + 2)
  return `<a href="${escape(url)}" rel="nofollow noopener noreferrer" target="_blank">` +
    `<span class="invisible">${escape(scheme)}</span><span>${escape(url.slice(scheme.length))}</span></a>`
}

/** One line: escaped, with links, without a paragraph around it. */
export const linkify = (text: string): string => {
  if (!text.includes("://")) return escape(text)
  let html = ""
  let at = 0
  for (const match of text.matchAll(address)) {
    const url = trimEnd(match[0])
    if (!URL.canParse(url)) continue
    html += escape(text.slice(at, match.index)) + link(url)
    at = match.index + url.length
  }
  return html + escape(text.slice(at))
}

export const toHtml = (text: string): string => {
  const trimmed = text.replaceAll("\r\n", "\n").trim()
  if (trimmed === "") return ""
  return trimmed.split(/\n{2,}/).map((part) => `<p>${part.split("\n").map(linkify).join("<br />")}</p>`).join("")
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })

/** What every address counts for, however long it is. */
export const charactersPerUrl = 23

/** Code units that one character may have on average: a pile of combining marks is no text. */
const unitsPerCharacterMax = 16

/** Whether `text` has at most `max` characters as a person counts them. */
export const fits = (text: string, max: number): boolean => {
  if (text.length > max * unitsPerCharacterMax) return false
  const counted = text.includes("://") ? text.replaceAll(address, "x".repeat(charactersPerUrl)) : text
  if (counted.length <= max) return true
  let characters = 0
  for (const _ of segmenter.segment(counted)) if (++characters > max) return false
  return true
}
