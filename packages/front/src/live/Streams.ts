/** All open streams of this front: how one comes in, listens, and goes. */
import type { Effect } from "effect"
import type { ServerResponse } from "node:http"
import type { WebSocket } from "ws"
import type { FrontLimits } from "../Settings.ts"
import * as Client from "./Client.ts"
import type { LiveEvents } from "./LiveEvents.ts"
import * as People from "./People.ts"
import * as Subscriptions from "./Subscriptions.ts"
import * as Upgrade from "./Upgrade.ts"

export interface Streams {
  readonly open: Set<Client.Client>
  /** Not finished coming in yet. */
  entering: number
  readonly people: People.People
  readonly subscriptions: Subscriptions.Subscriptions
  readonly limits: FrontLimits
  readonly events: LiveEvents
  /** Runs what nobody waits for. */
  readonly run: (effect: Effect.Effect<void>) => void
  /** Looks at the token of one that came in: it may have been revoked on the way. */
  readonly recheck: (client: Client.Client) => void
}

export const isFull = (clients: Streams): boolean => clients.open.size + clients.entering >= clients.limits.socketsMax

/** Lets in whom `Upgrade.admit` admitted and whose shard knows of them. */
export const enter = (
  clients: Streams,
  socket: WebSocket | ServerResponse,
  person: People.Person,
  identity: Upgrade.Admitted["identity"],
  wake?: () => void
): Client.Client => {
  const client: Client.Client = {
    socket,
    account: person.account,
    tokenHash: identity.tokenHash,
    ...Upgrade.coverage(identity),
    streams: [],
    alive: true,
    wake
  }
  Client.own(client)
  clients.open.add(client)
  People.add(person, client)
  clients.recheck(client)
  return client
}

export const leave = (clients: Streams, client: Client.Client): void => {
  if (!clients.open.delete(client)) return
  Subscriptions.leave(clients.subscriptions, client)
  const person = People.remove(clients.people, client)
  if (person !== undefined) clients.run(clients.events.disconnect(person))
}
