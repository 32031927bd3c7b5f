/** What is typed into a search field, and what of texts can be found. */
import { assert, describe, it } from "@effect/vitest"
import * as Marks from "../src/SearchMarks.ts"
import * as SearchQuery from "../src/SearchQuery.ts"
import * as SearchText from "../src/SearchText.ts"
import * as Snowflake from "../src/Snowflake.ts"

const words = (text: string) => SearchText.wordsOf(text).map(({ word }) => word)

const shown = (text: string) =>
  SearchQuery.parse(text).terms.map((term) => {
    const sign = term.isNot ? "-" : ""
    if (term.kind === "words") return `${sign}${term.words.map(({ place, word }) => `${word}@${place}`).join(" ")}`
    return sign + (term.kind === "mark" ? term.mark : `from ${term.name}`)
  })

describe("words of a text", () => {
  it("are without case, accents and marks of the sentence, in their places", () => {
    assert.deepStrictEqual(words("Crème brûlée, ÅNGSTRÖM! don't\u00a0ﬁx №5"), ["creme", "brulee", "angstrom", "don", "t", "fix", "no5"])
    assert.deepStrictEqual(words("Москва Ё हिन्दी"), ["москва", "е", "हिन्दी"])
    assert.deepStrictEqual(words("!!! … 🎉"), [])
  })

  it("are pairs where a script has no spaces, so that any part is found", () => {
    assert.deepStrictEqual(words("東京都 abc"), ["東京", "京都", "都", "abc"])
    assert.deepStrictEqual(shown("京都"), ["京都@1"])
    assert.deepStrictEqual(shown("東京都"), ["東京@1 京都@2"])
    assert.deepStrictEqual(shown("都"), ["都@1"])
    assert.deepStrictEqual(shown("東京abc"), ["東京@1 abc@3"])
  })
})

describe("a question", () => {
  it("has words, phrases, what must not be, tags, people and flags", () => {
    assert.deepStrictEqual(shown("Tea  \"green Tea\" -milk -\"no sugar\""), ["tea@1", "green@1 tea@2", "-milk@1", "-no@1 sugar@2"])
    assert.deepStrictEqual(shown("#Tea -#milk @Ann@rookery.example -@bob"), ["#tea", "-#milk", "@ann", "-@bob"])
    assert.deepStrictEqual(shown("from:Ann from:@bob@here -from:me has:link is:reply language:DE"), [
      "from ann", "from bob", "-from me", ":link", ":reply", ":lde"
    ])
    assert.deepStrictEqual(shown("has:wings a:b e-mail example.org"), ["has@1 wings@2", "a@1 b@2", "e@1 mail@2", "example@1 org@2"])
    assert.deepStrictEqual(shown("\"not closed"), ["not@1 closed@2"])
    assert.deepStrictEqual(shown("- \"\" !! '"), [])
  })

  it("has bounds by days, and is nothing without anything", () => {
    const at = (day: string) => Snowflake.floorAt(Date.parse(`${day}T00:00:00Z`))
    assert.deepStrictEqual(SearchQuery.parse("before:2026-02-03 after:2026-01-31"), {
      terms: [], above: at("2026-02-01") - 1n, below: at("2026-02-03")
    })
    assert.deepStrictEqual(SearchQuery.parse("during:2026-01-31"), { terms: [], above: at("2026-01-31") - 1n, below: at("2026-02-01") })
    assert.isFalse(SearchQuery.isEmpty(SearchQuery.parse("during:2026-01-31")))
    assert.isTrue(SearchQuery.isEmpty(SearchQuery.parse(" - ")))
    assert.deepStrictEqual(shown("before:noon"), ["before@1 noon@2"])
  })
})

describe("slices of time", () => {
  const now = Snowflake.make(Date.UTC(2026, 10, 21), 3, 5)

  const isIn = (id: bigint, slice: Marks.Slice) =>
    id > slice.above && id < slice.below && Marks.timesOf(id).some((mark) => slice.times.includes(mark))

  it("hold every id between the bounds once, in either direction, and few marks each", () => {
    const above = Snowflake.make(Date.UTC(2025, 2, 1), 0, 0)
    const all = [[...Marks.downwards(above, now)], [...Marks.upwards(above, now)]] as const
    const ids = [above + 1n, now - 1n, ...Array.from({ length: 500 }, (_, i) => above + (now - above) * BigInt(i + 1) / 501n)]
    for (const slices of all) {
      assert.isBelow(slices.length, 30)
      for (const slice of slices) assert.isAtMost(slice.times.length, 65)
      for (const id of ids) assert.strictEqual(slices.filter((slice) => isIn(id, slice)).length, 1, String(id))
      for (const id of [above, now]) assert.isFalse(slices.some((slice) => isIn(id, slice)))
    }
  })

  it("meet without a gap, the nearest first", () => {
    const down = [...Marks.downwards(0n, now)]
    down.slice(1).forEach((slice, i) => assert.strictEqual(slice.below, down[i]!.above + 1n))
    assert.deepStrictEqual([down[0]!.below, down[down.length - 1]!.above], [now, 0n])
    const up = [...Marks.upwards(0n, now)]
    up.slice(1).forEach((slice, i) => assert.strictEqual(slice.above, up[i]!.below - 1n))
    assert.deepStrictEqual([up[0]!.above, up[up.length - 1]!.below], [0n, now])
    assert.deepStrictEqual([...Marks.downwards(now, now)], [])
  })
})
