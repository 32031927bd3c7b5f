/**
 * What a text names, and where: addresses, people and tags, by the rules that clients know from Mastodon. Nothing inside
 * of an address is a person or a tag.
 */

export type Part =
  | { readonly kind: "link"; readonly start: number; readonly end: number }
  /** `domain` is lower-case, and undefined for a bare name. */
  | { readonly kind: "mention"; readonly start: number; readonly end: number; readonly name: string; readonly domain: string | undefined }
  /** `tag` is normalised; what the text says stands behind the sign. */
  | { readonly kind: "tag"; readonly start: number; readonly end: number; readonly tag: string }

/** People, and tags, that one post names at most; what comes after is plain text. */
export const mentionsMax = 50
export const tagsMax = 50
/** Code units, as written and in the form in which it is kept. */
const tagLengthMax = 100
/** The same in UTF-8. */
export const tagBytesMax = 3 * tagLengthMax

export const address = /https?:\/\/[^\s<>"'`\\^{|}]+/gi

const mark = "(?<![=/\\p{L}\\p{M}\\p{N}_&@#])"
const names = "[a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_])?"
const domains = "[\\p{L}\\p{N}](?:[\\p{L}\\p{N}.-]*[\\p{L}\\p{N}])?(?::[0-9]{1,5})?"
const tags = "[\\p{L}\\p{M}\\p{N}_\\u00b7\\u30fb\\u200c]+"

/** Its groups, in order: an address; the name and the domain of a person; a tag. By number, since an object of names is dear. */
const part = new RegExp(
  `(${address.source})|${mark}(?:@(${names})(?:@(${domains}))?(?![a-z0-9_@])|[#\\uff03](${tags}))`,
  "giu"
)

/** The form in which tags are kept and compared. */
export const tagKey = (tag: string): string => tag.normalize("NFKC").toLowerCase().normalize("NFKC")

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

const tagOf = (raw: string, start: number): Part | undefined => {
  const written = raw.replace(/[\u00b7\u30fb\u200c]+$/u, "")
  if (!/\p{L}/u.test(written) || written.length > tagLengthMax) return undefined
  const tag = tagKey(written)
  return tag.length > tagLengthMax ? undefined : { kind: "tag", start, end: start + 1 + written.length, tag }
}

const partOf = (match: RegExpExecArray): Part | undefined => {
  const start = match.index
  const link = match[1]
  if (link !== undefined) {
    const url = trimEnd(link)
    return URL.canParse(url) ? { kind: "link", start, end: start + url.length } : undefined
  }
  const tag = match[4]
  if (tag !== undefined) return tagOf(tag, start)
  return { kind: "mention", start, end: start + match[0].length, name: match[2]!, domain: match[3]?.toLowerCase() }
}

const none: ReadonlyArray<never> = []

/** What every part has. Most texts have none of them. */
const mayName = (text: string): boolean => text.includes("@") || text.includes("#") || text.includes("://") || text.includes("\uff03")

/** All parts in the order of the text, without overlap. */
export const parse = (text: string): ReadonlyArray<Part> => {
  if (!mayName(text)) return none
  const parts: Array<Part> = []
  part.lastIndex = 0
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    const found = partOf(match)
    if (found !== undefined) parts.push(found)
  }
  return parts
}

/** Normalised tags among the parts of a text, each once. */
export const tagsAmong = (parts: ReadonlyArray<Part>): ReadonlyArray<string> => {
  if (parts.length === 0) return none
  const found = new Set<string>()
  for (const item of parts) if (item.kind === "tag") found.add(item.tag)
  return [...found].slice(0, tagsMax)
}

/** The same of a text. */
export const tagsOf = (text: string): ReadonlyArray<string> => tagsAmong(parse(text))

/** Whether a mention means somebody of `host`. */
export const isLocal = (item: Part, host: string): boolean =>
  item.kind === "mention" && (item.domain === undefined || item.domain === host)

/** Names of those of `host` whom a text mentions, each once, compared without case. */
export const namesOf = (text: string, host: string): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (const item of parse(text)) if (item.kind === "mention" && isLocal(item, host)) found.add(item.name.toLowerCase())
  return [...found].slice(0, mentionsMax)
}
