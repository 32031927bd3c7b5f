import { assert, describe, it } from "@effect/vitest"
import { arrivalKinds } from "@rookery/store/ArrivalStore"
import * as Cursor from "../src/live/Cursor.ts"

const position = { transaction: 812n, kind: arrivalKinds.update, id: 252508951935979520n, millis: 1_795_000_000_000 }

describe("the cursor of a stream", () => {
  it("is one text for the position and for what is owed", () => {
    const owed = [{ kind: arrivalKinds.update, id: 252508951935979519n }, { kind: arrivalKinds.notification, id: 7n }]
    for (const cursor of [{ position, owed: [] }, { position, owed }]) assert.deepStrictEqual(Cursor.decode(Cursor.encode(cursor)), cursor)
    assert.strictEqual(Cursor.encode({ position, owed: [] }), "812-1-252508951935979520-1795000000000", "as before anything could be owed")
  })

  it("is refused when it is none of ours, or owes more than can be", () => {
    const text = Cursor.encode({ position, owed: [] })
    for (const wrong of ["", "1-2-3", `${text}.`, `${text}.1`, `${text}.9-1`, `${text}.1-x`, `${text} `, text + ".1-1".repeat(Cursor.owedMax + 1)]) {
      assert.isUndefined(Cursor.decode(wrong), wrong)
    }
    assert.lengthOf(Cursor.decode(text + ".1-1".repeat(Cursor.owedMax))!.owed, Cursor.owedMax)
  })
})
