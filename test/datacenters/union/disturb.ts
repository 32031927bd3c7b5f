/** What happens to datacenters and links, drawn from the seed; and how all of it ends. */
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import type { Datacenter, Seas } from "./seas.ts"

const pick = (seas: Seas, random: Seeded): readonly [Datacenter, Datacenter] => {
  const one = random.int(seas.all.length)
  const other = (one + 1 + random.int(seas.all.length - 1)) % seas.all.length
  return [seas.all[one]!, seas.all[other]!]
}

const kinds = { cut: 4, oneWay: 3, flap: 2, away: 2, wipe: 1, restart: 1, stop: 1, heal: 5 }

/** One thing more that is wrong, or (as often as not) all is well again. */
export const one = (seas: Seas, random: Seeded): Effect.Effect<string, unknown> =>
  Effect.suspend(() => {
    const [here, there] = pick(seas, random)
    const { cut, heal, restart, wipe } = seas.waters
    const kind = random.weighted(kinds)
    switch (kind) {
      case "cut":
        cut(here.name, there.name)
        break
      case "oneWay":
        cut(here.name, there.name, true)
        break
      case "flap":
        return Effect.as(flap(() => cut(here.name, there.name), () => heal(here.name, there.name)), kind)
      case "away":
        here.rough.away = true
        break
      case "wipe":
        return Effect.as(wipe(here.name), kind)
      case "restart":
        return Effect.as(restart(here.name), kind)
      case "stop":
        return Effect.as(here.stop, kind)
      case "heal":
        return Effect.as(healAll(seas), kind)
    }
    return Effect.succeed(kind)
  })

const flap = (cut: () => void, heal: () => void) =>
  Effect.forEach(Array.from({ length: 6 }), () =>
    Effect.andThen(Effect.sync(cut), Effect.andThen(Effect.sleep("40 millis"), Effect.andThen(Effect.sync(heal), Effect.sleep("20 millis")))), {
    discard: true
  })

export const healAll = ({ all, waters }: Seas): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    for (const one of all) {
      one.rough.away = false
      for (const other of all) if (other !== one) waters.heal(one.name, other.name)
    }
    return Effect.forEach(all, (datacenter) => datacenter.start, { discard: true })
  })
