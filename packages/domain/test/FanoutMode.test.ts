import { assert, describe, it } from "@effect/vitest"
import * as FanoutMode from "@rookery/domain/FanoutMode"
import { Schema } from "effect"

const threshold = { promoteAt: 100, demoteShare: 0.7 }
const from = (mode: FanoutMode.Mode, followers: number, heading: "push" | "pull" = "push") =>
  FanoutMode.target(mode, heading, "auto", followers, threshold)

describe("FanoutMode", () => {
  it("promotes at the threshold and demotes below its share", () => {
    assert.strictEqual(from("push", 99), "push")
    assert.strictEqual(from("push", 100), "pull")
    assert.strictEqual(from("pull", 70), "pull")
    assert.strictEqual(from("pull", 69), "push")
  })

  it("goes on the way that it was heading, and turns round where that way ends", () => {
    assert.strictEqual(from("both", 85, "pull"), "pull")
    assert.strictEqual(from("both", 85, "push"), "push")
    assert.strictEqual(from("both", 100, "push"), "pull")
    assert.strictEqual(from("both", 69, "pull"), "push")
  })

  it("obeys an override whatever the count", () => {
    assert.strictEqual(FanoutMode.target("push", "push", "pull", 0, threshold), "pull")
    assert.strictEqual(FanoutMode.target("pull", "pull", "push", 1_000_000, threshold), "push")
  })

  const Count = Schema.Int.check(Schema.isBetween({ minimum: 70, maximum: 99 }))
  it.prop("does not flap while the count moves between the two bounds", {
    counts: Schema.Array(Count),
    start: Schema.Literals(["push", "pull"])
  }, ({ counts, start }) => {
    for (const count of counts) assert.strictEqual(from(start, count, start), start)
  })
})
