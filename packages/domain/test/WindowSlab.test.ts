import { assert, describe, it } from "@effect/vitest"
import * as Slab from "@rookery/domain/WindowSlab"

const words = 2_400
const cellsPerChunk = 16

const take = (slab: Slab.Slab) => {
  const chunk = Slab.chunkFor(slab, words)
  return { chunk, at: Slab.take(slab, chunk) }
}

const give = (slab: Slab.Slab, cells: ReadonlyArray<ReturnType<typeof take>>) =>
  cells.forEach(({ at, chunk }) => Slab.give(slab, chunk, at))

const takeMany = (slab: Slab.Slab, count: number) => Array.from({ length: count }, () => take(slab))

describe("WindowSlab", () => {
  it("hands out cells that do not overlap, from as few arrays as hold them", () => {
    const slab = Slab.make()
    const cells = takeMany(slab, 3 * cellsPerChunk)
    cells.forEach(({ at, chunk }, i) => chunk.words.fill(i, at, at + words))
    cells.forEach(({ at, chunk }, i) => assert.isTrue(chunk.words.subarray(at, at + words).every((word) => word === i)))
    assert.strictEqual(new Set(cells.map(({ chunk }) => chunk)).size, 3)
    assert.strictEqual(slab.bytes, 3 * cellsPerChunk * words * 4)
  })

  it("hands out again what was given back before it takes more", () => {
    const slab = Slab.make()
    const cells = takeMany(slab, 3 * cellsPerChunk)
    const { bytes } = slab
    for (let round = 0; round < 50; round++) {
      const some = cells.filter((_, i) => i % 5 === round % 5)
      give(slab, some)
      for (const cell of some) Object.assign(cell, take(slab))
    }
    assert.strictEqual(slab.bytes, bytes)
    const numbers = new Map([...new Set(cells.map(({ chunk }) => chunk))].map((chunk, i) => [chunk, i]))
    assert.strictEqual(new Set(cells.map(({ at, chunk }) => `${numbers.get(chunk)} ${at}`)).size, cells.length)
  })

  it("lets go of arrays that nothing is taken of, but for one", () => {
    const slab = Slab.make()
    give(slab, takeMany(slab, 10 * cellsPerChunk))
    assert.strictEqual(slab.bytes, cellsPerChunk * words * 4)
    assert.strictEqual(slab.open.get(words)!.length, 1)
  })

  it("has room for what is larger than its arrays", () => {
    const slab = Slab.make()
    const chunk = Slab.chunkFor(slab, 100_000)
    assert.strictEqual(Slab.take(slab, chunk), 0)
    assert.notStrictEqual(Slab.chunkFor(slab, 100_000), chunk)
  })
})
