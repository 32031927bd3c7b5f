import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as Gather from "../src/http/Gather.ts"

describe("requests that are begun in company", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }))
  afterEach(() => void vi.useRealTimers())

  const begun: Array<string> = []
  const make = (isBusy = true) => {
    begun.length = 0
    const gather = Gather.make(() => isBusy ? 5 : 0)
    return (...names: ReadonlyArray<string>) => names.forEach((name) => gather(() => void begun.push(name)))
  }

  it("do not wait after a quiet time", () => {
    const come = make()
    come("first")
    assert.deepStrictEqual(begun, ["first"])
    vi.advanceTimersByTime(5)
    come("second")
    assert.deepStrictEqual(begun, ["first", "second"])
  })

  it("wait for the rest of the time after others, and are begun together in order", () => {
    const come = make()
    come("a", "b")
    vi.advanceTimersByTime(2)
    come("c")
    vi.advanceTimersByTime(2)
    assert.deepStrictEqual(begun, ["a"])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(begun, ["a", "b", "c"])
    come("d")
    vi.advanceTimersByTime(4)
    assert.deepStrictEqual(begun, ["a", "b", "c"])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(begun, ["a", "b", "c", "d"])
  })

  it("do not wait where little goes on", () => {
    const come = make(false)
    come("a", "b")
    vi.advanceTimersByTime(1)
    come("c")
    assert.deepStrictEqual(begun, ["a", "b", "c"])
  })

  it("wait the longer the more are under way, and not at all beside a few", () => {
    assert.deepStrictEqual([0, 4, 5, 16, 17, 10_000].map(Gather.apartMillis), [0, 0, 8, 8, 16, 16])
  })

  it("may bring others, which wait for the next time", () => {
    begun.length = 0
    const gather = Gather.make(() => 5)
    gather(() => {
      begun.push("outer")
      gather(() => void begun.push("inner"))
    })
    assert.deepStrictEqual(begun, ["outer"])
    vi.advanceTimersByTime(5)
    assert.deepStrictEqual(begun, ["outer", "inner"])
  })
})
