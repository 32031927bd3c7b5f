/**
 * What things are called on the NATS servers, and who may do what with them. Each datacenter owns one account, which
 * every server has and which the leaf connections join; the owner's server alone keeps the stream. The names are shared by
 * the clients and by what writes the servers' configuration.
 */

export const stream = "GOSSIP"
export const toAll = "gossip.all"
export const toOne = (datacenter: string): string => `gossip.to.${datacenter}`
export const streamSubjects = [toAll, toOne("*")] as const

export const account = (origin: string): string => `DC_${origin}`

/** User names are unique on a server, over all its accounts. */
export const user = (origin: string, datacenter: string): string => `${origin}.${datacenter}`

/** Each datacenter hears answers under a prefix of its own, which no other may listen or speak to. */
export const inboxPrefix = (datacenter: string): string => `_INBOX_${datacenter}`

/** The datacenter that waits at this reply subject; undefined when it is no inbox. */
export const asker = (reply: string | undefined): string | undefined => /^_INBOX_([\w-]+)\.[\w.-]+$/.exec(reply ?? "")?.[1]

/** What one reader takes: a durable consumer with a filter can have but one subject on server 2.9, so there are two. */
export const consumers = (reader: string): ReadonlyArray<{ readonly name: string; readonly filter: string }> => [
  { name: `${reader}_all`, filter: toAll },
  { name: `${reader}_to`, filter: toOne(reader) }
]

export const question = (datacenter: string, kind: string): string => `ask.${datacenter}.${kind}`

/** JetStream's API of the origin's server, as seen from anywhere. */
export const api = (origin: string, call: string, consumer: string): string => `$JS.${origin}.API.CONSUMER.${call}.${stream}.${consumer}`

export interface Permissions {
  readonly publish: ReadonlyArray<string>
  readonly subscribe: ReadonlyArray<string>
}

/**
 * All that another datacenter may do in the origin's account: take from its own two consumers and ask. It can neither
 * write to the stream, nor make or change consumers, nor answer for the origin, nor listen to what others are answered.
 */
export const readerPermissions = (origin: string, reader: string): Permissions => ({
  publish: [
    question(origin, ">"),
    ...consumers(reader).flatMap(({ name }) => [
      api(origin, "INFO", name),
      api(origin, "MSG.NEXT", name),
      `$JS.ACK.${stream}.${name}.>`
    ])
  ],
  subscribe: [`${inboxPrefix(reader)}.>`]
})
