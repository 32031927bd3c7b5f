/** The links to other datacenters, for a program whose topology names any. */
import { type LinkError, Links } from "@rookery/bus/Links"
import * as LinksNats from "@rookery/bus/nats/LinksNats"
import type { Configuration } from "@rookery/config/Load"
import * as Datacenters from "@rookery/domain/Datacenters"
import { Context, Effect, Layer, type Scope } from "effect"
import { awaitDependency, type DependencyError, type Patience } from "./awaitDependency.ts"

const optionsOf = (
  { credentials, natsUrl }: NonNullable<Configuration["links"]>,
  { names, own }: Datacenters.Datacenters,
  processName: string
): LinksNats.LinksNatsOptions => ({
  url: natsUrl,
  name: processName,
  own: names[own]!,
  others: names.filter((_, i) => i !== own),
  users: credentials,
  tls: credentials.tls
})

/**
 * Undefined for who is alone. Waits for the own NATS server, as for every server beside us, and never for another
 * datacenter: how the links are is told by the metrics `rookery_link_up` and `rookery_link_pending`.
 */
export const make = (
  { links, world }: Configuration,
  processName: string,
  patience: Patience
): Effect.Effect<Links["Service"] | undefined, LinkError | DependencyError, Scope.Scope> =>
  Effect.gen(function*() {
    if (links === undefined || Datacenters.isSingle(world)) return undefined
    const layer = LinksNats.layer(optionsOf(links, world, processName))
    const probe = Effect.scoped(Layer.build(Layer.fresh(layer)))
    yield* awaitDependency({ name: "NATS (links)", url: links.natsUrl, probe, patience })
    return Context.get(yield* Layer.build(layer), Links)
  })
