/**
 * How texts become words that can be searched for: one way for what is written and for what is asked. Words are runs of
 * letters and digits, without case and without accents, in their places; nothing is cut to its stem, since posts have no
 * one language. Scripts without spaces become pairs of characters, as in Lucene's CJKBigramFilter: dictionaries differ
 * from one version of ICU to the next, pairs do not.
 */

export interface Word {
  /** Letters, digits and marks only. */
  readonly word: string
  /** Its place, from 1. Words that stand side by side differ by one. */
  readonly place: number
  /** The character that ends a run of a script without spaces: it is there so that it is found by itself. */
  readonly isTail: boolean
}

/** Code units of a word that count; what is longer is no word of any language. */
const lengthMax = 64

const accents = /[\u0300-\u036f]/g

/** Case, accents and forms of the same character made equal. */
export const fold = (text: string): string => text.normalize("NFKD").replaceAll(accents, "").toLowerCase()

const unspaced = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\u30fc"
const run = new RegExp(`(?<pairs>[${unspaced}]+)|(?:(?![${unspaced}])[\\p{L}\\p{N}\\p{M}])+`, "gu")

const addPairs = (words: Array<Word>, text: string, start: number): number => {
  const characters = [...text]
  characters.forEach((character, i) => {
    const next = characters[i + 1]
    words.push({ word: next === undefined ? character : character + next, place: start + i, isTail: next === undefined })
  })
  return start + characters.length
}

/** The words of a text in their places, the first at `start`. */
export const wordsOf = (text: string, start = 1): ReadonlyArray<Word> => {
  const words: Array<Word> = []
  let place = start
  for (const match of fold(text).matchAll(run)) {
    if (match.groups?.["pairs"] !== undefined) place = addPairs(words, match[0], place)
    else words.push({ word: match[0].slice(0, lengthMax), place: place++, isTail: false })
  }
  return words
}

/** The words of a name, for those who know how it begins. At most eight: no name has more. */
export const namesOf = (text: string): ReadonlyArray<string> =>
  fold(text).split(/[\s\p{P}\p{S}]+/u).filter((word) => word !== "").slice(0, 8)
