import { assert, describe, it } from "@effect/vitest"
import * as EntryBytes from "@rookery/domain/EntryBytes"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import { Schema } from "effect"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Around the border between the words, and at the end of what Postgres knows. */
const idOf = (n: number): bigint => n < 40 ? 0x5_ffff_ffecn + BigInt(n) : Snowflake.idMax - BigInt(n)

const entriesOf = (numbers: ReadonlyArray<number>) =>
  [...new Set(numbers)].map((n) => ({ id: idOf(n), authorNo: 0xffff_ffff - n })).sort((a, b) => (a.id < b.id ? 1 : -1))

const windowOf = (capacity: number, bytes: Uint8Array): Window.TimelineWindow => {
  const window = Window.make(capacity)
  EntryBytes.insertInto(window, bytes)
  return window
}

describe("EntryBytes", () => {
  it.prop("brings windows there and back, also out of the middle of a message", {
    numbers: Schema.Array(between(0, 79)),
    capacity: between(1, 90),
    offset: between(0, 9)
  }, ({ capacity, numbers, offset }) => {
    const entries = entriesOf(numbers)
    const message = new Uint8Array(offset + entries.length * EntryBytes.entryBytes)
    message.set(EntryBytes.of(entries), offset)
    const window = windowOf(capacity, message.subarray(offset))
    assert.deepStrictEqual(EntryBytes.entriesOf(EntryBytes.pack(window)), entries.slice(0, capacity))
  })

  it.prop("cuts at a floor, and at a number of entries", {
    numbers: Schema.Array(between(0, 79)),
    floor: between(0, 79),
    most: between(0, 90)
  }, ({ floor, most, numbers }) => {
    const entries = entriesOf(numbers)
    const cut = EntryBytes.above(EntryBytes.of(entries), idOf(floor), most)
    assert.deepStrictEqual(EntryBytes.entriesOf(cut), entries.filter((entry) => entry.id >= idOf(floor)).slice(0, most))
    assert.strictEqual(EntryBytes.countOf(cut), EntryBytes.entriesOf(cut).length)
    EntryBytes.entriesOf(cut).forEach((entry, i) => assert.strictEqual(EntryBytes.idAt(cut, i), entry.id))
  })
})
