/** Ids of one machine that nobody else uses: for tests and tools that run alone. */
import * as IdMint from "@rookery/domain/IdMint"
import { Clock, Effect, Layer } from "effect"
import { IdSource, idsPerCallMax } from "../IdSource.ts"

const lease = (machine: number): IdMint.Lease => ({
  machine,
  startAbove: 0,
  highWater: Number.POSITIVE_INFINITY,
  expiresAt: Number.POSITIVE_INFINITY
})

const make = (machine: number) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const mint = IdMint.make()
    IdMint.grant(mint, lease(machine))

    const one: Effect.Effect<bigint> = Effect.suspend(() => {
      const id = IdMint.next(mint, clock.currentTimeMillisUnsafe())
      if (typeof id === "bigint") return Effect.succeed(id)
      return id._tag === "Wait"
        ? Effect.andThen(Effect.sleep(id.millis), one)
        : Effect.die(new Error("the time is past what an id can hold"))
    })
    const mintMany = (count: number) =>
      count <= idsPerCallMax
        ? Effect.forEach(Array.from({ length: count }), () => one)
        : Effect.die(new RangeError(`${count} ids at once`))
    return { mint: one, mintMany }
  })

/** Uses the clock's wall time, so a test clock decides the ids. */
export const layer = (machine = 0): Layer.Layer<IdSource> => Layer.effect(IdSource, make(machine))
