import { assert, describe, it } from "@effect/vitest"
import * as IdMint from "@rookery/domain/IdMint"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Schema } from "effect"

const start = Snowflake.epochMillis + 1_000_000
const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const lease = (options: Partial<IdMint.Lease> = {}): IdMint.Lease => ({
  machine: 7,
  startAbove: 0,
  highWater: start + 1_000,
  expiresAt: start + 10_000,
  ...options
})

const granted = (options: Partial<IdMint.Lease> = {}): IdMint.IdMint => {
  const mint = IdMint.make()
  IdMint.grant(mint, lease(options))
  return mint
}

const mintAt = (mint: IdMint.IdMint, now: number): bigint => {
  const id = IdMint.next(mint, now)
  if (typeof id !== "bigint") throw new Error(`refused: ${id._tag}`)
  return id
}

/** Uses up the millisecond of `now`. */
const exhaust = (mint: IdMint.IdMint, now: number) => {
  for (let i = 0; i <= Snowflake.sequenceMax; i++) mintAt(mint, now)
}

describe("IdMint", () => {
  it("puts time, machine and sequence into an id", () => {
    const mint = granted()
    mintAt(mint, start + 0.9)
    const id = mintAt(mint, start + 0.9)
    assert.deepStrictEqual([Snowflake.millisOf(id), Snowflake.machineOf(id), Snowflake.sequenceOf(id)], [start, 7, 1])
  })

  it("tells how long to wait when the millisecond is used up", () => {
    const mint = granted()
    exhaust(mint, start)
    assert.deepStrictEqual(IdMint.next(mint, start + 0.25), { _tag: "Wait", millis: 0.75 })
    assert.strictEqual(Snowflake.millisOf(mintAt(mint, start + 1)), start + 1)
  })

  it("keeps its last time when the clock goes back, and goes on ahead of one that went back far", () => {
    const mint = granted()
    const before = mintAt(mint, start)
    assert.isTrue(mintAt(mint, start - 5) > before)
    for (let i = 2; i <= Snowflake.sequenceMax; i++) mintAt(mint, start - 3_600_000)
    assert.deepStrictEqual(IdMint.next(mint, start - 5), { _tag: "Wait", millis: 6 })
    assert.strictEqual(Snowflake.millisOf(mintAt(mint, start - 3_600_000)), start + 1)
  })

  it("mints up to its high water and not above, also ahead of the clock", () => {
    const mint = granted({ highWater: start + 1 })
    assert.deepStrictEqual(IdMint.next(mint, start + 2), { _tag: "AboveHighWater" })
    exhaust(mint, start + 1)
    assert.deepStrictEqual(IdMint.next(mint, start - 1_000), { _tag: "AboveHighWater" })
    IdMint.grant(mint, lease({ highWater: start + 2 }))
    assert.strictEqual(Snowflake.millisOf(mintAt(mint, start - 1_000)), start + 2)
  })

  it("mints above the previous holder's high water", () => {
    const mint = granted({ startAbove: start + 500 })
    assert.strictEqual(Snowflake.millisOf(mintAt(mint, start)), start + 501)
  })

  it("refuses without a lease, from its end on, and after it was revoked", () => {
    assert.deepStrictEqual(IdMint.next(IdMint.make(), start), { _tag: "LeaseOver" })
    const mint = granted({ expiresAt: start + 10 })
    mintAt(mint, start + 9.99)
    assert.deepStrictEqual(IdMint.next(mint, start + 10), { _tag: "LeaseOver" })
    IdMint.revoke(mint)
    assert.deepStrictEqual(IdMint.next(mint, start), { _tag: "LeaseOver" })
  })

  it("never makes an id that a signed 64-bit column cannot hold", () => {
    const mint = granted({ highWater: Number.POSITIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY })
    const last = Snowflake.millisOf(Snowflake.idMax)
    assert.isAtMost(Number(mintAt(mint, last) >> 32n), 0x7fff_ffff)
    assert.deepStrictEqual(IdMint.next(mint, last + 1), { _tag: "AboveHighWater" })
    assert.isTrue(mintAt(granted(), 0) > 0n)
  })

  /** What can happen to a mint: clocks that jump, bursts, renewals, other machines. */
  const Step = Schema.Struct({
    clock: between(-3_000, 3_000),
    burst: Schema.Literals([1, 3, 5_000]),
    event: Schema.Literals(["none", "renew", "otherMachine", "revoke"]),
    machine: between(0, Snowflake.machineMax)
  })

  it.prop("ids strictly rise under any clock and any lease", { steps: Schema.Array(Step) }, ({ steps }) => {
    const mint = IdMint.make()
    let now = start
    let last = 0n
    for (const step of steps) {
      now += step.clock
      if (step.event === "revoke") IdMint.revoke(mint)
      if (step.event === "renew" && mint.lease !== undefined) {
        IdMint.grant(mint, { ...mint.lease, highWater: now + 2_000, expiresAt: now + 5_000 })
      }
      if (step.event === "otherMachine") {
        IdMint.grant(mint, { machine: step.machine, startAbove: now - 1_000, highWater: now + 2_000, expiresAt: now + 5_000 })
      }
      for (let i = 0; i < step.burst; i++) {
        const id = IdMint.next(mint, now)
        if (typeof id !== "bigint") break
        assert.isTrue(id > last, `${id} after ${last}`)
        assert.strictEqual(Snowflake.machineOf(id), mint.lease?.machine)
        assert.isAtMost(Snowflake.millisOf(id), mint.lease!.highWater)
        last = id
      }
    }
  }, { arbitrary: { runs: 60 } })

  // Holders follow each other on one machine, each with a clock of its own; each starts above the previous' high water.
  it.prop("holders of one machine in sequence never collide", {
    holders: Schema.Array(Schema.Struct({ skew: between(-5, 5), steps: Schema.Array(between(-3, 5)) }))
  }, ({ holders }) => {
    const seen = new Set<bigint>()
    let highWater = 0
    for (const holder of holders) {
      let now = start + holder.skew
      const mint = granted({ startAbove: highWater, highWater: Math.max(highWater, now + 5), expiresAt: now + 5_000 })
      highWater = mint.lease!.highWater
      for (const step of holder.steps) {
        now += step
        for (let i = 0; i < 20; i++) {
          const id = IdMint.next(mint, now)
          if (typeof id !== "bigint") break
          assert.isFalse(seen.has(id), `${id} twice`)
          seen.add(id)
        }
      }
    }
  }, { arbitrary: { runs: 100 } })
})
