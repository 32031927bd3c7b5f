/** What happens to whole datacenters, drawn from the seed; and how all of it ends. */
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { type Ground, harming, replace } from "./ground.ts"

export const kinds = ["cut", "oneWay", "flap", "killRunner", "killFront", "stop", "restartNats", "wipeNats"] as const
export type Kind = (typeof kinds)[number]

const flaps = 8
const flapMillis = 150

const flap = ({ network }: Ground, here: string, there: string) =>
  Effect.forEach(Array.from({ length: flaps }), () =>
    Effect.gen(function*() {
      network.cut(here, there)
      yield* Effect.sleep(flapMillis)
      network.heal(here, there)
      yield* Effect.sleep(flapMillis)
    }), { discard: true })

const awayMillis = 1_500

/** The whole datacenter, its servers too, and back with its data. */
const stop = (ground: Ground, name: string) => {
  const datacenter = ground.datacenter(name)
  return harming(ground, name, Effect.andThen(datacenter.stop, Effect.andThen(Effect.sleep(awayMillis), datacenter.start())))
}

const restartNats = (ground: Ground, name: string, isWiped: boolean) =>
  Effect.gen(function*() {
    const datacenter = ground.datacenter(name)
    yield* datacenter.stopNats
    if (isWiped) yield* datacenter.wipeNats
    yield* Effect.sleep(awayMillis)
    yield* datacenter.startNats
  })

/** Done once it has happened: links stay cut. */
export const happen = (ground: Ground, kind: Kind, random: Seeded): Effect.Effect<void, unknown> =>
  Effect.suspend((): Effect.Effect<void, unknown> => {
    const here = random.pick(ground.names)
    const there = random.pick(ground.names.filter((name) => name !== here))
    switch (kind) {
      case "cut":
      case "oneWay":
        return Effect.sync(() => ground.network.cut(here, there, kind === "oneWay"))
      case "flap":
        return flap(ground, here, there)
      case "killRunner":
        return replace(ground, here, "runner", random)
      case "killFront":
        return harming(ground, here, replace(ground, here, "front", random))
      case "stop":
        return stop(ground, here)
      case "restartNats":
      case "wipeNats":
        return restartNats(ground, here, kind === "wipeNats")
    }
  })

export const healLinks = ({ names, network }: Ground): void => {
  for (const one of names) for (const other of names) if (one !== other) network.heal(one, other)
}
