import { assert, describe, it } from "@effect/vitest"
import * as Absent from "../src/read/Absent.ts"

const [post, wrapper, other] = [1n, 2n, 3n]

describe("posts whose owner could not be asked", () => {
  it("are known for longer than they are not asked for again, and until they could be had", () => {
    let now = 0
    const absent = Absent.make(() => now)
    absent.note([post, other], [post])
    assert.deepStrictEqual([absent.has(post), absent.has(other)], [true, false])
    now = Absent.laterMillis + 1
    assert.isTrue(absent.has(post))
    absent.note([post], [])
    assert.isFalse(absent.has(post))
    absent.note([post], [post])
    now += 10 * Absent.laterMillis
    assert.isFalse(absent.has(post))
  })

  it("take with them what wraps them, as long as that is there itself", () => {
    let now = 0
    const absent = Absent.make(() => now)
    absent.noteWrapper(wrapper, post)
    assert.isFalse(absent.has(wrapper), "what it wraps can be had")
    absent.note([post], [post])
    absent.noteWrapper(wrapper, post)
    assert.isTrue(absent.has(wrapper))
    for (let i = 0; i < 3; i++) {
      now += Absent.laterMillis
      absent.note([post], [post])
    }
    assert.deepStrictEqual([absent.has(post), absent.has(wrapper)], [true, false], "nobody saw the wrapper since")
  })

  it("are remembered up to a bound, the oldest forgotten first", () => {
    const absent = Absent.make(() => 0)
    const ids = Array.from({ length: 5_000 }, (_, i) => BigInt(i))
    absent.note([], ids)
    assert.deepStrictEqual([absent.has(0n), absent.has(4_999n)], [false, true])
  })
})
