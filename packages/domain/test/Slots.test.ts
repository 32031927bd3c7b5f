import { assert, describe, it } from "@effect/vitest"
import * as Slots from "@rookery/domain/Slots"

describe.each([{ kind: "any", make: Slots.ofAny<bigint> }, { kind: "ids", make: Slots.ofIds }])("Slots of $kind", ({ make }) => {
  it("number keys from 0 on, and give the numbers of those that went again", () => {
    const slots = make()
    const ids = Array.from({ length: 100 }, (_, n) => (1n << 40n) + BigInt(n))
    assert.deepStrictEqual(ids.map(slots.take), ids.map((_, n) => n))
    for (const slot of [7, 50, 99]) slots.give(slot)
    assert.deepStrictEqual([7, 50, 99].map((n) => slots.get(ids[n]!)), [-1, -1, -1])
    assert.strictEqual(slots.size(), 97)
    const again = [1n, 2n, 3n].map(slots.take)
    assert.deepStrictEqual(again.toSorted((a, b) => a - b), [7, 50, 99])
    assert.deepStrictEqual([1n, 2n, 3n].map(slots.get), again)
    assert.strictEqual(slots.take(4n), 100)
    slots.give(slots.get(2n))
    assert.deepStrictEqual([1n, 2n, 3n].map(slots.get), [again[0], -1, again[2]])
  })

  it("begin anew when cleared", () => {
    const slots = make()
    for (let n = 0n; n < 40n; n++) slots.take(n)
    slots.give(3)
    slots.clear()
    assert.deepStrictEqual([slots.size(), slots.get(1n), slots.take(9n), slots.take(1n)], [0, -1, 0, 1])
  })
})
