import { assert, describe, it } from "@effect/vitest"
import * as ByteLog from "../src/ByteLog.ts"

const base = 1n << 40n
const bytesFor = (n: number, length = 84) => new Uint8Array(length).fill(n % 251)

const bytesOf = (kept: ByteLog.Kept | undefined) => kept && [...kept.bytes.subarray(kept.start, kept.end)]

/** Entries of 100 bytes with their header. */
const make = (entries: number) => {
  const log = ByteLog.make(entries * 100)
  return {
    ...log,
    add: (n: number, until = 10_000) => log.put(base + BigInt(n), bytesFor(n), until),
    valueOf: (n: number, now = 0) => bytesOf(log.get(base + BigInt(n), now))?.[0]
  }
}

describe("ByteLog", () => {
  it("gives back what was put, also under keys that differ in one half only", () => {
    const log = ByteLog.make(10_000)
    for (const key of [1n, 1n << 32n, (1n << 32n) + 1n, (1n << 62n) + 1n]) log.put(key, new Uint8Array([Number(key & 255n), Number(key >> 60n)]), 9_000)
    assert.deepStrictEqual(bytesOf(log.get((1n << 62n) + 1n, 0)), [1, 4])
    assert.deepStrictEqual(bytesOf(log.get(1n << 32n, 0)), [0, 0])
    assert.isUndefined(log.get(2n, 0))
    assert.strictEqual(log.size(), 4)
  })

  it("keeps the newest within its bytes and lets the oldest go", () => {
    const log = make(40)
    for (let n = 0; n < 1_000; n++) log.add(n)
    assert.isAtMost(log.bytes(), 4_000)
    assert.isAtMost(log.size(), 40)
    for (let n = 970; n < 1_000; n++) assert.strictEqual(log.valueOf(n), n % 251, `of ${n}`)
    for (let n = 0; n < 950; n++) assert.isUndefined(log.valueOf(n))
  })

  it("keeps entries apart over many segments that are used again", () => {
    const log = ByteLog.make(6 * 1024 * 1024)
    const big = 200 * 1024
    for (let n = 0; n < 200; n++) {
      log.put(base + BigInt(n), bytesFor(n, big), 10_000)
      for (let m = Math.max(0, n - 24); m <= n; m++) {
        const { bytes, end, start } = log.get(base + BigInt(m), 0)!
        const kept = bytes.subarray(start, end)
        assert.deepStrictEqual([kept.length, kept[0], kept[big - 1]], [big, m % 251, m % 251], `${m} after ${n}`)
      }
    }
    assert.isAtMost(log.size(), 30)
    assert.strictEqual(log.bytes(), 6 * 1024 * 1024)
  })

  it("does not lose what was put again when the place of the first goes", () => {
    const log = make(40)
    log.add(1)
    for (let n = 100; n < 129; n++) log.add(n)
    log.put(base + 1n, bytesFor(7), 10_000)
    for (let n = 200; n < 215; n++) log.add(n)
    assert.strictEqual(log.valueOf(1), 7)
    assert.isUndefined(log.valueOf(100))
  })

  it("forgets what is too old, what is deleted, and everything when cleared", () => {
    const log = make(40)
    log.add(1, 5_999)
    assert.strictEqual(log.valueOf(1, 4_999), 1)
    assert.strictEqual(log.get(base + 1n, 0)!.until, 5_000)
    assert.isUndefined(log.valueOf(1, 5_000), "rounded down to seconds: never kept for longer")
    log.add(2)
    log.delete(base + 2n)
    assert.isUndefined(log.valueOf(2))
    log.add(3)
    log.clear()
    assert.isUndefined(log.valueOf(3))
    assert.strictEqual(log.bytes(), 0)
    log.add(4)
    assert.strictEqual(log.valueOf(4), 4)
  })

  it("refuses what is larger than a segment, and does not keep the value before either", () => {
    const log = make(40)
    log.add(1)
    assert.isFalse(log.put(base + 1n, bytesFor(1, 1_100), 10_000))
    assert.isUndefined(log.valueOf(1))
    assert.isFalse(ByteLog.make(0).put(1n, new Uint8Array(1), 10_000))
  })
})
