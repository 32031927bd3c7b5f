import { assert, describe, it } from "@effect/vitest"
import * as Seeded from "@rookery/testkit/Seeded"
import * as Heat from "../src/read/Heat.ts"

const start = 1n << 60n

describe("heat", () => {
  it("is asking twice within ten seconds, at any time of day", () => {
    for (const from of [0, 1, 52_428_700, 123_456_789_000]) {
      const heat = Heat.make()
      assert.isFalse(heat.ask(start, from))
      assert.isFalse(heat.was(start))
      assert.isTrue(heat.ask(start, from + Heat.hotMillis - 200))
      assert.isTrue(heat.was(start))
      assert.isFalse(heat.ask(start, from + 2 * Heat.hotMillis), "more than ten seconds later")
      assert.isFalse(heat.was(start))
    }
  })

  it("is not caught from others: of 200,000 asked for once within ten seconds next to none seems hot", () => {
    const heat = Heat.make()
    let hot = 0
    for (let n = 0; n < 200_000; n++) if (heat.ask(start + BigInt(n) * 4_194_304n + BigInt(n % 7), n / 20)) hot++
    assert.isBelow(hot, 200)
  })

  it("is seen in most of those who are asked for twice, also among so many others", () => {
    const heat = Heat.make()
    const random = Seeded.make(1)
    const popular = Array.from({ length: 1_000 }, (_, n) => start + BigInt(n) * 4_194_304n)
    for (const id of popular) heat.ask(id, 0)
    for (let n = 0; n < 50_000; n++) heat.ask(start + BigInt(Math.floor(random.next() * 2 ** 40)), 1_000)
    const hot = popular.filter((id) => heat.ask(id, 2_000)).length
    assert.isAbove(hot, 800)
  })
})
