import { assert, describe, it } from "@effect/vitest"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Schema } from "effect"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Parts = { millis: between(1, 2 ** 41 - 1), machine: between(0, Snowflake.machineMax), sequence: between(0, Snowflake.sequenceMax) }

describe("Snowflake", () => {
  it.prop("takes apart what it composed, in any form", Parts, ({ machine, millis, sequence }) => {
    const at = Snowflake.epochMillis + millis
    const id = Snowflake.make(at, machine, sequence)
    assert.deepStrictEqual(
      [Snowflake.millisOf(id), Snowflake.machineOf(id), Snowflake.sequenceOf(id)],
      [at, machine, sequence]
    )
    assert.strictEqual(Snowflake.fromWords(Snowflake.high(id), Snowflake.low(id)), id)
    assert.strictEqual(Snowflake.parse(String(id)), id)
    assert.isTrue(id <= Snowflake.idMax)
  })

  it.prop("has the order of time, and a floor below every id of its millisecond", { one: Schema.Struct(Parts), other: Schema.Struct(Parts) }, ({ one, other }) => {
    const id = (parts: typeof one) => Snowflake.make(Snowflake.epochMillis + parts.millis, parts.machine, parts.sequence)
    if (one.millis < other.millis) assert.isTrue(id(one) < id(other))
    const floor = Snowflake.floorAt(Snowflake.epochMillis + one.millis + 0.5)
    assert.isTrue(floor <= id(one))
    assert.strictEqual(floor <= id(other), one.millis <= other.millis)
  })

  it("has no floor before its epoch", () => {
    assert.strictEqual(Snowflake.floorAt(0), 0n)
    assert.strictEqual(Snowflake.floorAt(Snowflake.epochMillis), 0n)
  })

  it("takes no id that is not 1 to 2^63-1 in decimal digits", () => {
    const wrong = ["", "0", "-1", "+1", " 1", "1.0", "1e3", "0x1", "9223372036854775808", "99999999999999999999", "١"]
    for (const text of wrong) assert.isUndefined(Snowflake.parse(text), text)
    assert.strictEqual(Snowflake.parse("9223372036854775807"), Snowflake.idMax)
    assert.strictEqual(Snowflake.parse("0001"), 1n)
  })
})
