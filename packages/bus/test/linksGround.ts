/** Three datacenters to test the links between: in memory, and on real NATS servers that are linked through proxies. */
import { Links } from "@rookery/bus/Links"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import * as LinksNats from "@rookery/bus/nats/LinksNats"
import * as LinkedNats from "@rookery/cluster/local/LinkedNats"
import * as LinkNetwork from "@rookery/cluster/local/LinkNetwork"
import { Context, Effect, Exit, Layer, Schedule, Scope } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

export type LinksService = Links["Service"]

export const names = ["east", "west", "south"] as const
export type Name = (typeof names)[number]

/** So that what is not acknowledged comes again soon. */
export const ackMillis = 1_000

export interface Ground {
  /** A process of the datacenter, until the scope closes. */
  readonly open: (own: Name) => Effect.Effect<LinksService, unknown, Scope.Scope>
  readonly cut: (from: Name, to: Name, oneWay?: boolean) => void
  readonly heal: (one: Name, other: Name) => void
  /** The datacenter's server loses all that it kept. */
  readonly wipe: (name: Name) => Effect.Effect<void, unknown>
}

const build = (layer: Layer.Layer<Links, unknown>) =>
  Effect.map(Layer.build(layer), (context) => Context.get(context, Links))

export const inMemory: Effect.Effect<Ground> = Effect.sync(() => {
  const world = LinksMemory.make(names, { ackMillis })
  return {
    open: (own) => build(Layer.fresh(world.layer(own))),
    cut: (from, to, oneWay = false) => {
      world.cut(from, to)
      if (!oneWay) world.cut(to, from)
    },
    heal: (one, other) => {
      world.heal(one, other)
      world.heal(other, one)
    },
    wipe: (name) => Effect.sync(() => world.wipe(name))
  }
})

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-links-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

export interface NatsGround extends Ground {
  readonly network: LinkNetwork.LinkNetwork
  readonly servers: ReadonlyMap<string, LinkedNats.LinkedNats>
  readonly stop: (name: Name) => Effect.Effect<void>
  readonly start: (name: Name) => Effect.Effect<void, unknown>
}

/** Real servers, which run until the scope closes. */
export const overNats: Effect.Effect<NatsGround, unknown, Scope.Scope> = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  const network = LinkNetwork.make({ datacenters: names, latencyMillis: 5 })
  const servers = yield* LinkedNats.make((name) => join(folder, name), network)
  const scope = yield* Effect.scope
  const running = new Map<string, Scope.Closeable>()
  const start = Effect.fnUntraced(function*(name: Name) {
    const own = yield* Scope.fork(scope)
    running.set(name, own)
    yield* Scope.provide(servers.get(name)!.start, own)
  })
  const stop = (name: Name) => Scope.close(running.get(name)!, Exit.void)
  yield* Effect.forEach(names, start, { concurrency: "unbounded" })
  const open = (own: Name) => {
    const { credentials, url } = servers.get(own)!
    return build(LinksNats.layer({
      url,
      name: "test",
      own,
      others: names.filter((name) => name !== own),
      users: credentials,
      stream: { ackMillis, bytesMax: 64 * 1_024 ** 2 }
    }))
  }
  return {
    open,
    cut: network.cut,
    heal: network.heal,
    wipe: (name) => Effect.andThen(stop(name), Effect.andThen(servers.get(name)!.wipe, start(name))),
    network,
    servers,
    stop,
    start
  }
})

/** Fails with what it last was when `holds` does not become true within 30 s. */
export const until = (what: string, holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => holds() ? Effect.void : Effect.fail(new Error(`${what}: not within 30 s`))).pipe(
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 600 }),
    Effect.orDie
  )
