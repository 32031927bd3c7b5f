import { assert, describe, it } from "@effect/vitest"
import * as PostParts from "../src/PostParts.ts"

const host = "rookery.example"
const shown = (text: string) => PostParts.parse(text).map((part) => `${part.kind}:${text.slice(part.start, part.end)}`)

describe("what a text names", () => {
  it("people by bare name or with our host, each once, and nobody of other hosts", () => {
    const text = "hi @Ann, @bob_2! (@carl.x) @ann@Rookery.example and @dora@elsewhere.example; mail me@eve.example"
    assert.deepStrictEqual(PostParts.namesOf(text, host), ["ann", "bob_2", "carl.x"])
  })

  it("tags with at least one letter, normalised", () => {
    assert.deepStrictEqual(PostParts.tagsOf("#Cats #cats #ＣＡＴＳ #2026 #a1 #день #x·y· a#no /#no &#39;"), ["cats", "a1", "день", "x·y"])
  })

  it("leaves what stands inside of an address alone, and the sentence's end outside", () => {
    assert.deepStrictEqual(shown("see https://a.example/@ann#cats, (https://b.example/x)."), [
      "link:https://a.example/@ann#cats",
      "link:https://b.example/x"
    ])
  })

  it("a dot behind a name is the sentence's", () => {
    assert.deepStrictEqual(shown("@ann. @bob@c.example."), ["mention:@ann", "mention:@bob@c.example"])
  })

  it("takes no more than it should, and not for long, from hostile text", () => {
    assert.lengthOf(PostParts.tagsOf(Array.from({ length: 200 }, (_, i) => `#t${i}`).join(" ")), PostParts.tagsMax)
    const startedAt = performance.now()
    for (const text of ["@".repeat(50_000), "#".repeat(50_000), "@a.".repeat(20_000), `@${"a-".repeat(25_000)}`, "a@a".repeat(20_000)]) PostParts.parse(text)
    assert.isBelow(performance.now() - startedAt, 2_000)
  })

  it("a tag that is too long is no tag", () => {
    assert.deepStrictEqual(PostParts.tagsOf(`#${"a".repeat(101)} #${"b".repeat(100)}`), ["b".repeat(100)])
  })
})
