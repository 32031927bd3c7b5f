import { assert, describe, it } from "@effect/vitest"
import * as Window from "@rookery/domain/TimelineWindow"
import * as WindowSlab from "@rookery/domain/WindowSlab"
import { Schema } from "effect"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Small ids spread around the border between the two words, where carries happen. */
const border = 0xffff_ffe0
const hiOf = (n: number) => 5 + Math.floor((border + n) / 2 ** 32)
const loOf = (n: number) => (border + n) % 2 ** 32
const numberOf = (hi: number, lo: number) => (hi - 5) * 2 ** 32 + lo - border

const Step = Schema.Struct({
  what: Schema.Literals(["insert", "insert", "insert", "insert", "remove", "removeAuthor", "raiseFloor"]),
  id: between(0, 63),
  author: between(1, 5)
})

/** The model: a list sorted by id, and the floor. */
interface Model {
  entries: Array<readonly [id: number, author: number]>
  floor: number
}

const insertInto = (model: Model, capacity: number, id: number, author: number): boolean => {
  if (id < model.floor || model.entries.some(([other]) => other === id)) return false
  model.entries = [...model.entries, [id, author] as const].sort((a, b) => a[0] - b[0])
  if (model.entries.length <= capacity) return true
  const [dropped] = model.entries.shift()!
  model.floor = dropped + 1
  return dropped !== id
}

const takeOut = (model: Model, isGone: (id: number, author: number) => boolean): number => {
  const before = model.entries.length
  model.entries = model.entries.filter(([id, author]) => !isGone(id, author))
  return before - model.entries.length
}

const apply = (window: Window.TimelineWindow, model: Model, step: typeof Step.Type): void => {
  const { author, id } = step
  if (step.what === "insert") {
    assert.strictEqual(
      Window.insert(window, hiOf(id), loOf(id), author),
      insertInto(model, window.capacityMax, id, author)
    )
  }
  if (step.what === "remove") {
    assert.strictEqual(Window.remove(window, hiOf(id), loOf(id)), takeOut(model, (other) => other === id) === 1)
  }
  if (step.what === "removeAuthor") {
    assert.strictEqual(Window.removeAuthor(window, author), takeOut(model, (_, other) => other === author))
  }
  if (step.what === "raiseFloor") {
    Window.raiseFloor(window, hiOf(id), loOf(id))
    model.floor = Math.max(model.floor, id)
    takeOut(model, (other) => other < model.floor)
  }
}

const entriesOf = (window: Window.TimelineWindow) =>
  Array.from({ length: window.length }, (_, rank) =>
    [numberOf(Window.hiAt(window, rank), Window.loAt(window, rank)), Window.authorAt(window, rank)] as const)

const floorOf = (window: Window.TimelineWindow) =>
  window.floorHi === 0 ? 0 : Math.max(0, numberOf(window.floorHi, Window.floorLo(window)))

describe("TimelineWindow", () => {
  it.prop("is its model, whatever the order, the repeats, the removals and the floors", {
    steps: Schema.Array(Step),
    capacity: between(1, 20),
    hint: between(0, 30)
  }, ({ capacity, hint, steps }) => {
    const window = Window.make(capacity)
    Window.reserve(window, hint)
    const model: Model = { entries: [], floor: 0 }
    for (const step of steps) {
      apply(window, model, step)
      assert.deepStrictEqual(entriesOf(window), model.entries)
      assert.strictEqual(floorOf(window), model.floor)
      for (let id = 0; id < 64; id++) {
        assert.strictEqual(Window.has(window, hiOf(id), loOf(id)), model.entries.some(([other]) => other === id))
      }
    }
    assert.isAtMost(window.slots, Math.max(capacity, 1))
  }, { arbitrary: { runs: 150, size: 80 } })

  it("goes round its array many times with what comes in order, and holds the newest", () => {
    const window = Window.make(10)
    for (let id = 1; id <= 1_000; id++) Window.insert(window, 1, id, id % 7)
    assert.deepStrictEqual(
      Array.from({ length: 10 }, (_, rank) => Window.loAt(window, rank)),
      [991, 992, 993, 994, 995, 996, 997, 998, 999, 1_000]
    )
    assert.deepStrictEqual([window.floorHi, Window.floorLo(window)], [1, 991])
    assert.strictEqual(Window.byteLength(window), 120)
  })

  it("takes no room while it is empty, never much more than it needs, and 9,600 bytes for 800 entries", () => {
    const window = Window.make(800)
    assert.strictEqual(Window.byteLength(window), 0)
    for (let id = 1; id <= 800; id++) {
      Window.insert(window, 1, id, 1)
      assert.isAtMost(Window.byteLength(window), Math.max(12 * 8, 12 * (id + 31)))
    }
    for (let id = 801; id <= 5_000; id++) Window.insert(window, 1, id, 1)
    assert.strictEqual(Window.byteLength(window), 9_600)
  })

  it.prop("is its model too where many share a slab, and some are released and others begin", {
    steps: Schema.Array(Schema.Struct({ ...Step.fields, which: between(0, 5), ends: between(0, 9) })),
    capacity: between(1, 50)
  }, ({ capacity, steps }) => {
    const slab = WindowSlab.make()
    const begin = () => ({ window: Window.make(capacity, slab), model: { entries: [], floor: 0 } as Model })
    const all = Array.from({ length: 6 }, begin)
    for (const step of steps) {
      const { model, window } = all[step.which]!
      if (step.ends > 0) apply(window, model, step)
      else {
        Window.release(window)
        all[step.which] = begin()
      }
      for (const each of all) assert.deepStrictEqual(entriesOf(each.window), each.model.entries)
    }
  }, { arbitrary: { runs: 150, size: 80 } })

  it("gives back the room that it grew out of", () => {
    const slab = WindowSlab.make()
    for (let round = 0; round < 40; round++) {
      const window = Window.make(800, slab)
      for (let id = 1; id <= 900; id++) Window.insert(window, 1, id, 1)
      Window.release(window)
    }
    for (const chunks of slab.open.values()) {
      assert.deepStrictEqual(chunks.map(({ begun, free }) => begun - free.length), [0], "one array of each size, of which nothing is taken")
    }
  })

  it("holds nothing and promises nothing once it is released, and takes nothing in", () => {
    const slab = WindowSlab.make()
    const window = Window.make(10, slab)
    for (let id = 1; id <= 10; id++) Window.insert(window, 1, id, 1)
    Window.release(window)
    const other = Window.make(10, slab)
    Window.insert(other, 1, 5, 9)
    assert.isFalse(Window.insert(window, 1, 6, 1))
    assert.isFalse(Window.remove(window, 1, 5))
    Window.raiseFloor(window, 1, 3)
    Window.release(window)
    assert.deepStrictEqual([window.length, Window.has(window, 1, 5), Window.byteLength(window)], [0, false, 0])
    assert.deepStrictEqual([window.floorHi, Window.floorLo(window)], [0x7fff_ffff, 0xffff_ffff])
    assert.deepStrictEqual(entriesOf(other), [[numberOf(1, 5), 9]])
  })

  it("carries the floor over the border between the words", () => {
    const window = Window.make(1)
    Window.insert(window, 1, 0xffff_ffff, 1)
    Window.insert(window, 2, 7, 1)
    assert.deepStrictEqual([window.floorHi, Window.floorLo(window)], [2, 0])
  })
})
