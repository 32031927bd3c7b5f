/** The NATS servers of several datacenters on this machine, linked through proxies, each with users and passwords of its own. */
import type { LinkCredentials } from "@rookery/config/LinkCredentials"
import * as linkNames from "@rookery/bus/nats/linkNames"
import { Effect, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { NatsLinks } from "../servers/natsLinks.ts"
import * as NatsServer from "../servers/NatsServer.ts"
import type { ServerError } from "../servers/ServerProcess.ts"
import { findFreePort } from "./freePort.ts"
import type { LinkNetwork } from "./LinkNetwork.ts"

export interface LinkedNats {
  readonly name: string
  readonly port: number
  readonly leafPort: number
  /** For the links; the bus uses it too, without a user. */
  readonly url: string
  /** As others configure it. Those on this machine connect through proxies instead. */
  readonly leafUrl: string
  readonly credentials: LinkCredentials
  /** Starts it, again on the same ports, until the scope ends. */
  readonly start: Effect.Effect<NatsServer.NatsServer, ServerError, Scope.Scope>
  /** Removes all that it kept; only while it does not run. */
  readonly wipe: Effect.Effect<void>
}

/** Each server has a proxy of its own to each other one, so none may be told to all: nothing listens here. */
const refusing = "127.0.0.1:1"

const secret = (): string => randomBytes(24).toString("hex")

/** None of them runs yet. The proxies between them run until the scope ends. */
export const make = Effect.fnUntraced(function*(folderOf: (datacenter: string) => string, network: LinkNetwork) {
  const { datacenters } = network
  const passwords = Object.fromEntries(datacenters.map((origin) => [
    origin,
    Object.fromEntries(datacenters.map((reader) => [reader, secret()]))
  ]))
  const ports = new Map<string, { readonly port: number; readonly leafPort: number }>()
  for (const name of datacenters) ports.set(name, { port: yield* findFreePort, leafPort: yield* findFreePort })
  const plan = { datacenters, passwords, ports, folderOf, network }
  return new Map(yield* Effect.forEach(datacenters, (name) => Effect.map(makeOne(plan, name), (one) => [name, one] as const)))
})

interface Plan {
  readonly datacenters: ReadonlyArray<string>
  readonly passwords: NatsLinks["passwords"]
  readonly ports: ReadonlyMap<string, { readonly port: number; readonly leafPort: number }>
  readonly folderOf: (datacenter: string) => string
  readonly network: LinkNetwork
}

const makeOne = Effect.fnUntraced(function*(plan: Plan, own: string) {
  const { leafPort, port } = plan.ports.get(own)!
  const leafRemotes: Record<string, string> = {}
  for (const origin of plan.datacenters.filter((name) => name !== own)) {
    const target = () => ({ host: "127.0.0.1", port: plan.ports.get(origin)!.leafPort })
    leafRemotes[origin] = `127.0.0.1:${(yield* plan.network.proxy(own, origin, target)).port}`
  }
  const links: NatsLinks = {
    own,
    datacenters: plan.datacenters,
    passwords: plan.passwords,
    leafListen: `127.0.0.1:${leafPort}`,
    leafAdvertise: refusing,
    leafRemotes,
    busUser: { user: "bus", password: secret() }
  }
  const folder = plan.folderOf(own)
  const one: LinkedNats = {
    name: own,
    port,
    leafPort,
    url: `nats://127.0.0.1:${port}`,
    leafUrl: `nats-leaf://127.0.0.1:${leafPort}`,
    credentials: credentialsOf(plan, own),
    start: NatsServer.start({ folder, port, links }),
    wipe: Effect.promise(() => rm(join(folder, "jetstream"), { recursive: true, force: true }))
  }
  return one
})

const credentialsOf = ({ datacenters, passwords }: Plan, own: string): LinkCredentials => {
  const userIn = (origin: string) => ({ user: linkNames.user(origin, own), password: passwords[origin]![own]! })
  const others = datacenters.filter((name) => name !== own)
  return { own: userIn(own), others: Object.fromEntries(others.map((origin) => [origin, userIn(origin)])) }
}
