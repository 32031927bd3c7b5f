/** What each client listens to, and who listens to each stream that many people share. Keys are those of StreamNames.ts. */
import type { Client } from "./Client.ts"
import * as StreamNames from "./StreamNames.ts"

/** Listeners by key; personal streams are found through their person. */
export type Subscriptions = Map<string, Set<Client>>

export const make = (): Subscriptions => new Map()

const streamsOf = (client: Client): ReadonlyArray<string> =>
  typeof client.streams === "string" ? [client.streams] : client.streams

export const listens = (client: Client, key: string): boolean =>
  typeof client.streams === "string" ? client.streams === key : client.streams.includes(key)

const set = (client: Client, streams: ReadonlyArray<string>): void => {
  client.streams = streams.length === 1 ? streams[0]! : streams
}

/** Streams of one client, at most. */
const streamsMax = 32

/** Starts a stream; false when the client has as many as it may. Repeats change nothing. */
export const add = (table: Subscriptions, client: Client, key: string): boolean => {
  if (listens(client, key)) return true
  const streams = streamsOf(client)
  if (streams.length >= streamsMax) return false
  set(client, [...streams, key])
  if (StreamNames.isPersonal(key)) return true
  const listeners = table.get(key) ?? new Set<Client>()
  listeners.add(client)
  table.set(key, listeners)
  return true
}

const forget = (table: Subscriptions, client: Client, key: string): void => {
  const listeners = table.get(key)
  if (listeners?.delete(client) === true && listeners.size === 0) table.delete(key)
}

export const remove = (table: Subscriptions, client: Client, key: string): void => {
  set(client, streamsOf(client).filter((other) => other !== key))
  forget(table, client, key)
}

/** The client is gone. */
export const leave = (table: Subscriptions, client: Client): void => {
  for (const key of streamsOf(client)) forget(table, client, key)
}
