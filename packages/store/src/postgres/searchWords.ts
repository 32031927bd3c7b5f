/** Words and marks as Postgres writes them: a `tsvector` for each post, a `tsquery` for what is asked. */
import * as PostParts from "@rookery/domain/PostParts"
import * as Marks from "@rookery/domain/SearchMarks"
import type { Condition } from "@rookery/domain/SearchQuery"
import * as SearchText from "@rookery/domain/SearchText"
import { storable } from "./statement.ts"

/** A post as far as it is searched. */
export interface SearchedPost {
  readonly id: bigint
  readonly author: bigint
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  readonly language: string | null
  readonly isReply: boolean
  readonly hasMedia: boolean
  readonly mentioned: ReadonlyArray<string>
  /** Normalised. */
  readonly tags: ReadonlyArray<string>
}

/** Places beyond are kept as one by Postgres, words of them are found still. */
const placeMax = 16_383
/** A word at more places than that is kept at the first of them. */
const placesMax = 255
/** Between the warning and the text, so that no phrase goes from one into the other. */
const gap = 10

const quoted = (word: string): string => `'${storable(word).replaceAll("\\", "\\\\").replaceAll("'", "''")}'`

/** A language with its region is also the language itself. */
const languagesOf = (code: string | null): ReadonlyArray<string> => code === null ? [] : [code, code.split("-", 1)[0]!]

const marksOf = (post: SearchedPost): ReadonlyArray<string> => [
  ...Marks.timesOf(post.id),
  Marks.author(post.author),
  ...post.tags.map(Marks.tag),
  ...post.mentioned.map(Marks.mention),
  ...languagesOf(post.language).map(Marks.language),
  ...(PostParts.parse(post.text).some((part) => part.kind === "link") ? [Marks.link] : []),
  ...(post.hasMedia ? [Marks.media] : []),
  ...(post.isReply ? [Marks.reply] : []),
  ...(post.sensitive ? [Marks.sensitive] : [])
]

export const vectorOf = (post: SearchedPost): string => {
  const before = SearchText.wordsOf(post.spoiler)
  const start = before.length === 0 ? 1 : before[before.length - 1]!.place + gap
  const places = new Map<string, Array<number>>()
  for (const { place, word } of [...before, ...SearchText.wordsOf(post.text, start)]) {
    const known = places.get(word)
    if (known === undefined) places.set(word, [Math.min(place, placeMax)])
    else if (known.length < placesMax) known.push(Math.min(place, placeMax))
  }
  const words = [...places].map(([word, at]) => `${quoted(word)}:${at.join(",")}`)
  return [...words, ...new Set(marksOf(post).map(quoted))].join(" ")
}

/** One character of a script without spaces begins a pair, or is a tail. */
const lexeme = ({ isTail, word }: SearchText.Word): string => isTail ? `${quoted(word)}:*` : quoted(word)

const phrase = (words: ReadonlyArray<SearchText.Word>): string =>
  words.map((word, i) => i === 0 ? lexeme(word) : `<${word.place - words[i - 1]!.place}> ${lexeme(word)}`).join(" ")

const condition = (one: Condition): string =>
  `${one.isNot ? "!" : ""}(${one.kind === "mark" ? quoted(one.mark) : phrase(one.words)})`

/** All of the conditions, at one of the times. */
export const queryOf = (conditions: ReadonlyArray<Condition>, times: ReadonlyArray<string>): string =>
  [...conditions.map(condition), `(${times.map(quoted).join(" | ")})`].join(" & ")

/** All of the words as beginnings. */
export const beginningsOf = (words: ReadonlyArray<string>): string => words.map((word) => `${quoted(word)}:*`).join(" & ")
