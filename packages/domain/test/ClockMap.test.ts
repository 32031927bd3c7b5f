import { assert, describe, it } from "@effect/vitest"
import * as ClockMap from "../src/ClockMap.ts"
import * as Slots from "../src/Slots.ts"

const kinds = [{ kind: "any", slots: Slots.ofAny<bigint> }, { kind: "ids", slots: Slots.ofIds }]

describe.each(kinds)("ClockMap over slots of $kind", ({ slots }) => {
  const make = (values: number) => {
    const { delete: drop, find, set, ...map } = ClockMap.make<bigint, string>(values * 10, slots())
    return {
      ...map,
      set: (key: number, value: string, bytes: number, until: number) => set(BigInt(key), value, bytes, until),
      get: (key: number, now: number) => {
        const slot = find(BigInt(key), now)
        return slot === -1 ? undefined : { value: map.valueAt(slot), until: map.untilAt(slot) }
      },
      delete: (key: number) => drop(BigInt(key)),
      put: (key: number) => set(BigInt(key), `v${key}`, 10, 100),
      has: (key: number) => find(BigInt(key), 0) !== -1
    }
  }

  it("lets go of what was not used since the hand last passed", () => {
    const map = make(3)
    for (const key of [1, 2, 3]) map.put(key)
    map.get(1, 0)
    map.put(4)
    map.put(5)
    assert.deepStrictEqual([1, 2, 3, 4, 5].filter(map.has), [1, 4, 5])
    assert.strictEqual(map.bytes(), 30)
  })

  it("uses the places of what was deleted again", () => {
    const map = make(100)
    for (let key = 0; key < 10_000; key++) {
      map.put(key)
      if (key % 3 === 0) map.delete(key - 1)
    }
    assert.isAtMost(map.size(), 100)
    assert.isAbove(map.size(), 60)
    assert.strictEqual(map.bytes(), map.size() * 10)
    map.deleteWhere((value) => value !== "v9999")
    assert.strictEqual(map.size(), 1)
    map.clear()
    assert.deepStrictEqual([map.size(), map.bytes()], [0, 0])
    map.put(1)
    assert.isTrue(map.has(1))
  })

  it("replaces a value with its bytes, forgets what is too old, and takes nothing that is larger than it may be", () => {
    const map = make(2)
    map.put(1)
    map.set(1, "again", 15, 100)
    assert.strictEqual(map.bytes(), 15)
    assert.strictEqual(map.get(1, 99)?.value, "again")
    assert.isUndefined(map.get(1, 100))
    map.set(2, "huge", 21, 100)
    assert.isUndefined(map.get(2, 0))
    map.set(1, "huge", 21, 100)
    assert.isUndefined(map.get(1, 0), "the old value does not stay either")
  })
})
