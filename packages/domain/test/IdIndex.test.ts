import { assert, describe, inject, it } from "@effect/vitest"
import * as IdIndex from "@rookery/domain/IdIndex"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Seeded from "@rookery/testkit/Seeded"

const seed = inject("oracleSeed")

/** Ids that differ in both words and have one hash: in a table of any size they stand in one run. */
const colliding = (run: number, count: number): ReadonlyArray<bigint> =>
  Array.from({ length: count }, (_, n) => Snowflake.fromWords(n, (Math.imul(n, 0x9e37_79b1) ^ run) >>> 0))

const minted = (random: Seeded.Seeded, count: number): ReadonlyArray<bigint> =>
  Array.from({ length: count }, () => Snowflake.make(Snowflake.epochMillis + random.int(2 ** 31), 17, random.int(2)))

/** Sets and deletes at random; says where an answer first differed from a `Map`'s. */
const firstDifference = (random: Seeded.Seeded, pool: ReadonlyArray<bigint>, steps: number): string | undefined => {
  const index = IdIndex.make()
  const model = new Map<bigint, number>()
  const differs = (id: bigint) => index.get(id) !== (model.get(id) ?? -1)
  for (let step = 0; step < steps; step++) {
    const id = random.pick(pool)
    // Fills up and empties by turns.
    if (random.chance(step % 500 < 250 ? 0.3 : 0.7)) {
      index.delete(id)
      model.delete(id)
    } else {
      const value = random.int(IdIndex.valueMax + 1)
      index.set(id, value)
      model.set(id, value)
    }
    if (index.size() !== model.size) return `step ${step}: ${index.size()} ids, not ${model.size}`
    const wrong = step % 25 === 0 || step === steps - 1 ? pool.find(differs) : differs(id) ? id : undefined
    if (wrong !== undefined) return `step ${step}, id ${wrong}: ${index.get(wrong)}, not ${model.get(wrong)}`
  }
  return undefined
}

describe("IdIndex", () => {
  it(`answers as a Map does, whatever is set and deleted (seed ${seed})`, () => {
    const random = Seeded.make(seed)
    const edges = [0n, 1n, 0xffff_ffffn, 1n << 32n, 1n << 62n, Snowflake.idMax, ...minted(random, 8)]
    for (let round = 0; round < 20; round++) assert.isUndefined(firstDifference(random, edges, 500), `few ids, round ${round}`)
    for (let round = 0; round < 5; round++) assert.isUndefined(firstDifference(random, minted(random, 300), 2_000), `minted ids, round ${round}`)
  })

  it(`answers as a Map does where ids collide, also past the end of the table (seed ${seed})`, () => {
    const random = Seeded.make(seed)
    const some = (count: number) => colliding(random.int(2 ** 32), count)
    // Eight never need more than sixteen places: their runs meet often, and often at the table's end.
    for (let round = 0; round < 300; round++) {
      assert.isUndefined(firstDifference(random, [...some(4), ...some(2), ...some(2)], 100), `eight ids, round ${round}`)
    }
    assert.isUndefined(firstDifference(random, Array.from({ length: 40 }, () => some(5)).flat(), 4_000), "two hundred ids")
  })

  it("grows with what it holds, and forgets all of it when cleared", () => {
    const index = IdIndex.make()
    const count = 50_000
    const idOf = (n: number) => Snowflake.make(Snowflake.epochMillis + n * 7, 3, 0)
    for (let n = 0; n < count; n++) index.set(idOf(n), n)
    for (let n = 0; n < count; n++) assert.strictEqual(index.get(idOf(n)), n)
    for (let n = 0; n < count; n += 2) index.delete(idOf(n))
    assert.strictEqual(index.size(), count / 2)
    for (let n = 0; n < count; n++) assert.strictEqual(index.get(idOf(n)), n % 2 === 0 ? -1 : n)
    index.clear()
    assert.deepStrictEqual([index.size(), index.get(idOf(1))], [0, -1])
    index.set(idOf(1), 0)
    assert.deepStrictEqual([index.size(), index.get(idOf(1))], [1, 0])
  })

  it("replaces a value without another place, and deletes nothing that is not there", () => {
    const index = IdIndex.make()
    index.set(0n, 5)
    index.set(0n, IdIndex.valueMax)
    index.delete(1n << 32n)
    assert.deepStrictEqual([index.size(), index.get(0n), index.get(1n << 32n)], [1, IdIndex.valueMax, -1])
  })
})
