import { assert, describe, it } from "@effect/vitest"
import { inFlightMax } from "../src/linkBounds.ts"
import * as PullWindow from "../src/nats/PullWindow.ts"

const held = (window: PullWindow.PullWindow, now: number): number =>
  window.requests.filter(({ at }) => at + PullWindow.holdMillis > now).reduce((sum, { left }) => sum + left, 0)

describe("what is asked of another datacenter", () => {
  it("is never nothing on an idle link, however the moments of asking fall", () => {
    for (let tick = 1; tick <= 400; tick += 7) {
      const window = PullWindow.make()
      PullWindow.order(window, 0, 0)
      for (let now = tick; now < 20_000; now += tick) {
        assert.isAbove(held(window, now), 0, `asked every ${tick} ms, at ${now}`)
        PullWindow.order(window, now, 0)
      }
    }
  })

  it("grows where messages are small, so that the way there and back is not waited for", () => {
    const window = PullWindow.make()
    for (let i = 0; i < 200; i++) PullWindow.arrived(window, 60)
    let ordered = 0
    for (let i = 0; i < 10; i++) ordered += PullWindow.order(window, 10_000, 0)
    assert.isAtLeast(ordered, inFlightMax / 2)
    assert.isAtMost(ordered, inFlightMax)
  })

  it("is no more than is worked through in time where messages are large", () => {
    const window = PullWindow.make()
    for (let i = 0; i < 200; i++) PullWindow.arrived(window, 60_000)
    let ordered = 0
    for (let i = 0; i < 100; i++) ordered += PullWindow.order(window, 10_000, 0)
    assert.isAtMost(ordered * 60_000, 2 * 1_024 * 1_024)
    assert.isAbove(ordered, 0)
  })

  it("leaves room for what came and was not taken", () => {
    const window = PullWindow.make()
    assert.strictEqual(PullWindow.order(window, 0, 64), 0)
    assert.isAbove(PullWindow.order(window, 0, 16), 0)
  })

  it("is asked for anew when the server holds nothing any more", () => {
    const window = PullWindow.make()
    assert.isAbove(PullWindow.order(window, 0, 0), 0)
    assert.strictEqual(PullWindow.order(window, 1, 0), 0)
    PullWindow.ended(window, false)
    assert.isAbove(PullWindow.order(window, 2, 0), 0)
  })
})
