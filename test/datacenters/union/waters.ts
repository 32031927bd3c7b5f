/** What lies between datacenters: links in memory, or over real NATS servers that are joined through proxies. */
import type { Links } from "@rookery/bus/Links"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import * as LinksNats from "@rookery/bus/nats/LinksNats"
import * as LinkedNats from "@rookery/cluster/local/LinkedNats"
import * as LinkNetwork from "@rookery/cluster/local/LinkNetwork"
import { Effect, Exit, type Layer, Scope } from "effect"
import { join } from "node:path"

export interface Waters {
  /** Of one life of a datacenter. */
  readonly links: (own: string) => Layer.Layer<Links, unknown>
  /** Nothing gets from one to the other, and with `oneWay` left out nothing back either. */
  readonly cut: (from: string, to: string, oneWay?: boolean) => void
  /** Both ways. */
  readonly heal: (one: string, other: string) => void
  /** The server of a datacenter loses all that it kept. */
  readonly wipe: (origin: string) => Effect.Effect<void, unknown>
  /** It stops and is started again. */
  readonly restart: (origin: string) => Effect.Effect<void, unknown>
  /** One way, in milliseconds; only over real servers. */
  readonly setLatency: (millis: number) => void
}

export const inMemory = (names: ReadonlyArray<string>): Waters => {
  const world = LinksMemory.make(names, { ackMillis: 1_000 })
  return {
    links: world.layer,
    cut: (from, to, oneWay = false) => {
      world.cut(from, to)
      if (!oneWay) world.cut(to, from)
    },
    heal: (one, other) => {
      world.heal(one, other)
      world.heal(other, one)
    },
    wipe: (origin) => Effect.sync(() => world.wipe(origin)),
    restart: () => Effect.void,
    setLatency: () => {}
  }
}

/** Servers run until the scope ends, with what they keep below `folder`. */
export const overNats = (names: ReadonlyArray<string>, folder: string, latencyMillis = 0) =>
  Effect.gen(function*() {
    const outer = yield* Effect.scope
    const network = LinkNetwork.make({ datacenters: names, latencyMillis })
    const servers = yield* LinkedNats.make((name) => join(folder, name), network)
    const running = new Map<string, Scope.Closeable>()
    const start = (name: string) =>
      Effect.gen(function*() {
        const scope = yield* Scope.fork(outer)
        yield* Scope.provide(servers.get(name)!.start, scope)
        running.set(name, scope)
      })
    const stop = (name: string) => Scope.close(running.get(name)!, Exit.void)
    yield* Effect.forEach(names, start, { concurrency: "unbounded", discard: true })
    const waters: Waters = {
      links: (own) =>
        LinksNats.layer({
          url: servers.get(own)!.url,
          name: own,
          own,
          others: names.filter((name) => name !== own),
          users: servers.get(own)!.credentials
        }),
      cut: network.cut,
      heal: network.heal,
      wipe: (origin) => Effect.andThen(stop(origin), Effect.andThen(servers.get(origin)!.wipe, start(origin))),
      restart: (origin) => Effect.andThen(stop(origin), start(origin)),
      setLatency: (millis) => network.setConditions({ latencyMillis: millis })
    }
    return waters
  })
