/** Which datacenter keeps a secret: tokens, codes, clients' ids and log-ins of browsers begin with its number. */
import * as Secrets from "../oauth/Secrets.ts"
import type * as World from "./World.ts"

/** Undefined: it is answered here. So is what names a datacenter that is not in the topology. */
export type Destination = number | undefined

export const elsewhere = ({ datacenters: { names, own } }: World.World, home: number | undefined): Destination =>
  home === undefined || home === own || home >= names.length ? undefined : home

export const ofSecret = (world: World.World, secret: unknown): Destination =>
  typeof secret === "string" ? elsewhere(world, Secrets.homeOf(secret)) : undefined
