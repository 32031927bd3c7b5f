import { assert, describe, it } from "@effect/vitest"
import * as Datacenters from "@rookery/domain/Datacenters"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as UsernameSlots from "@rookery/domain/UsernameSlots"

const blocks = [
  { name: "east", machines: { first: 0, last: 299 } },
  { name: "west", machines: { first: 300, last: 599 } },
  { name: "south", machines: { first: 700, last: 1023 } }
]
const idOf = (machine: number) => Snowflake.make(Snowflake.epochMillis + 1_000, machine, 1)

describe("Datacenters", () => {
  it("own the ids of their machines, first and last included, and nobody owns those of machines in no block", () => {
    const datacenters = Datacenters.make(blocks, "west")
    assert.deepStrictEqual([0, 299, 300, 599, 700, 1023].map((machine) => Datacenters.homeOf(datacenters, idOf(machine))), [0, 0, 1, 1, 2, 2])
    assert.isUndefined(Datacenters.homeOf(datacenters, idOf(600)))
    assert.isTrue(Datacenters.isOwn(datacenters, idOf(300)))
    assert.isFalse(Datacenters.isOwn(datacenters, idOf(299)))
    assert.isFalse(Datacenters.isOwn(datacenters, idOf(650)))
  })

  it("refuse to be made for a name that is not among them, and know when there is only one", () => {
    assert.throws(() => Datacenters.make(blocks, "north"), RangeError)
    assert.isFalse(Datacenters.isSingle(Datacenters.make(blocks, "east")))
    assert.isTrue(Datacenters.isSingle(Datacenters.make([blocks[0]!], "east")))
  })

  it("share the username slots evenly in their order when none are given", () => {
    const datacenters = Datacenters.make(blocks, "east")
    const { slots } = datacenters
    // Slots 123, 628 and 726.
    assert.deepStrictEqual(["ada", "größe", "user-17"].map((key) => Datacenters.claimedAt(datacenters, key)), [0, 1, 2])
    assert.deepStrictEqual([0, 340, 341, 681, 682, 1023].map((slot) => slots[slot]), [0, 0, 1, 1, 2, 2])
  })

  it("have the slots that they are given, in several ranges too", () => {
    const given = [[{ first: 0, last: 9 }, { first: 20, last: 1023 }], [{ first: 10, last: 19 }], undefined]
    const { slots } = Datacenters.make(blocks.map((block, i) => ({ ...block, slots: given[i] })), "east")
    assert.deepStrictEqual([9, 10, 19, 20].map((slot) => slots[slot]), [0, 1, 1, 0])
  })
})

describe("Username slots", () => {
  it("give a name the same slot for ever", () => {
    assert.deepStrictEqual(["ada", "bob", "größe", "user-17"].map(UsernameSlots.slotOf), [123, 272, 628, 726])
  })

  it("are about equally full", () => {
    const counts = new Uint32Array(UsernameSlots.slotCount)
    for (let i = 0; i < 102_400; i++) counts[UsernameSlots.slotOf(`user${i}`)]!++
    assert.isAbove(Math.min(...counts), 50)
    assert.isBelow(Math.max(...counts), 160)
  })

  it("are refused when one is given twice, to nobody, or in a range that is turned round", () => {
    const all = { first: 0, last: 1023 }
    assert.isUndefined(UsernameSlots.problem([[all], undefined]))
    assert.isUndefined(UsernameSlots.problem([undefined, undefined]))
    assert.include(UsernameSlots.problem([[all], [{ first: 5, last: 6 }]]), "slot 5 is given twice")
    assert.include(UsernameSlots.problem([[{ first: 1, last: 1023 }]]), "slot 0 is given to nobody")
    assert.include(UsernameSlots.problem([[{ first: 9, last: 3 }]]), "above its last")
  })
})
