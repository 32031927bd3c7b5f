/**
 * What people type into a search field, as Mastodon's users know it: words, "words that stand together", -not, #tag,
 * @name, and `from:`, `has:`, `is:`, `language:`, `before:`, `after:`, `during:`. Whatever is none of these is words.
 */
import * as PostParts from "./PostParts.ts"
import * as Marks from "./SearchMarks.ts"
import * as SearchText from "./SearchText.ts"
import * as Snowflake from "./Snowflake.ts"

/** What a post has or, turned around by `isNot`, has not. */
export type Condition =
  | { readonly kind: "words"; readonly words: ReadonlyArray<SearchText.Word>; readonly isNot: boolean }
  | { readonly kind: "mark"; readonly mark: string; readonly isNot: boolean }

/** Who `from` is, is not known here; `me` is who asks. */
export type Term = Condition | { readonly kind: "from"; readonly name: string; readonly isNot: boolean }

export interface SearchQuery {
  /** All of them hold for a post that is found. */
  readonly terms: ReadonlyArray<Term>
  /** Bounds of ids by the dates that were given, both exclusive. */
  readonly above: bigint
  readonly below: bigint | undefined
}

/** Conditions of one query; what comes after is ignored. */
const termsMax = 24
/** Words of one query. */
const wordsMax = 64
const dayMillis = 86_400_000

const piece = /(-?)(?:"([^"]*)"?|([a-z]+):(?:"([^"]+)"|([^\s"]+))|(\S+))/giu

const flags: Readonly<Record<string, string>> = {
  "has:link": Marks.link,
  "has:embed": Marks.link,
  "has:media": Marks.media,
  "has:image": Marks.media,
  "is:reply": Marks.reply,
  "is:sensitive": Marks.sensitive
}

/** Of a day such as 2026-01-31, its first millisecond since 1970. */
const dayOf = (text: string): number | undefined => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const millis = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(millis) ? undefined : millis
}

interface Bounds {
  above: bigint
  below: bigint | undefined
}

/** Narrows `bounds`; false for what is no date. */
const narrow = (bounds: Bounds, name: string, value: string): boolean => {
  const day = dayOf(value)
  if (day === undefined) return false
  const from = name === "after" ? day + dayMillis : name === "during" ? day : undefined
  const to = name === "before" ? day : name === "during" ? day + dayMillis : undefined
  if (from !== undefined && Snowflake.floorAt(from) - 1n > bounds.above) bounds.above = Snowflake.floorAt(from) - 1n
  if (to !== undefined) bounds.below = bounds.below === undefined || Snowflake.floorAt(to) < bounds.below ? Snowflake.floorAt(to) : bounds.below
  return true
}

/** `name`, `@name` or either with a host behind it. */
const nameOf = (text: string): string => text.replace(/^@/, "").split("@")[0]!.toLowerCase()

/** What `name:value` says beside dates; undefined when it is only words. */
const operator = (name: string, value: string, isNot: boolean): Term | undefined => {
  if (name === "from") return { kind: "from", name: nameOf(value), isNot }
  if (name === "language") return { kind: "mark", mark: Marks.language(value), isNot }
  const mark = flags[`${name}:${value.toLowerCase()}`]
  return mark === undefined ? undefined : { kind: "mark", mark, isNot }
}

const wordsTerm = (text: string, isNot: boolean): Term | undefined => {
  const words = SearchText.wordsOf(text).slice(0, wordsMax)
  // A run's last character is looked for only where it is all there is of the run.
  const asked = words.filter((one, i) => !one.isTail || i === 0 || words[i - 1]!.place !== one.place - 1 || !isPairBefore(words[i - 1]!, one))
  return asked.length === 0 ? undefined : { kind: "words", words: asked, isNot }
}

/** Whether `before` is the pair that ends with the tail `one`. */
const isPairBefore = (before: SearchText.Word, one: SearchText.Word): boolean =>
  !before.isTail && [...before.word].length === 2 && before.word.endsWith(one.word)

const plain = (text: string, isNot: boolean): Term | undefined => {
  if (/^[#\uff03]/u.test(text)) {
    const [tag] = PostParts.tagsOf(text)
    if (tag !== undefined) return { kind: "mark", mark: Marks.tag(tag), isNot }
  }
  if (/^@[a-z0-9_]/i.test(text)) return { kind: "mark", mark: Marks.mention(nameOf(text)), isNot }
  return wordsTerm(text, isNot)
}

export const parse = (text: string): SearchQuery => {
  const terms: Array<Term> = []
  const bounds: Bounds = { above: 0n, below: undefined }
  for (const [whole, minus, quoted, name, quotedValue, bareValue, bare] of text.matchAll(piece)) {
    if (terms.length >= termsMax) break
    const isNot = minus === "-"
    const value = quotedValue ?? bareValue ?? ""
    const key = name?.toLowerCase() ?? ""
    if (["before", "after", "during"].includes(key) && !isNot && narrow(bounds, key, value)) continue
    const term = quoted !== undefined
      ? wordsTerm(quoted, isNot)
      : (name === undefined ? undefined : operator(key, value, isNot)) ?? plain(bare ?? whole.slice(minus!.length), isNot)
    if (term !== undefined) terms.push(term)
  }
  return { terms, ...bounds }
}

/** Whether anything was asked: a query of dates alone is one. */
export const isEmpty = ({ above, below, terms }: SearchQuery): boolean => terms.length === 0 && above === 0n && below === undefined
