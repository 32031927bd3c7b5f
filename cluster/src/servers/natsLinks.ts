/**
 * The configuration of a NATS server that is linked to those of other datacenters: an account for each datacenter's
 * stream, joined by leaf connections from every other server to the owner's, and one for the bus within the datacenter.
 */
import * as linkNames from "@rookery/bus/nats/linkNames"

/** Passwords of the users of one datacenter's account, by the datacenter whose user it is; the own one is the owner's. */
export type AccountPasswords = Readonly<Record<string, string>>

export interface NatsLinks {
  readonly own: string
  /** All, the own included. */
  readonly datacenters: ReadonlyArray<string>
  /** By the datacenter that owns the account. A server is given those of its own account, and its own in the others'. */
  readonly passwords: Readonly<Record<string, AccountPasswords>>
  /** Host and port where the servers of others connect. */
  readonly leafListen: string
  /**
   * Host and port that others' servers are told, and then try as well as what they configured: the address by which they
   * reach us, or, where each has one of its own, one that refuses.
   */
  readonly leafAdvertise: string
  /** For each other datacenter: host and port where its server takes leaf connections. */
  readonly leafRemotes: Readonly<Record<string, string>>
  /** Who connects without a name is this user of the bus' account. Left out: nobody may. */
  readonly busUser?: { readonly user: string; readonly password: string }
  /** Paths of PEM files, for clients and leaf connections both. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
}

/** NATS' configuration is a superset of JSON, so quoted JSON strings are safe in it. */
const quote = (text: string): string => JSON.stringify(text)
const list = (items: ReadonlyArray<string>): string => `[${items.map(quote).join(", ")}]`

const permissions = ({ publish, subscribe }: linkNames.Permissions): string =>
  `permissions: { publish: { allow: ${list(publish)} }, subscribe: { allow: ${list(subscribe)} } }`

const userLine = (links: NatsLinks, origin: string, reader: string): string => {
  const password = links.passwords[origin]?.[reader]
  if (password === undefined) throw new RangeError(`there is no password for ${reader} in the account of ${origin}`)
  const may = origin === reader ? "" : `, ${permissions(linkNames.readerPermissions(origin, reader))}`
  return `      { user: ${quote(linkNames.user(origin, reader))}, password: ${quote(password)}${may} }`
}

/** The owner's server knows all readers and keeps the stream; the others' know themselves, and pass on what they may. */
const accountBlock = (links: NatsLinks, origin: string): string => {
  const isOwn = origin === links.own
  const users = (isOwn ? links.datacenters : [links.own]).map((reader) => userLine(links, origin, reader))
  return [
    `  ${linkNames.account(origin)} {`,
    ...(isOwn ? ["    jetstream: enabled"] : []),
    "    users: [",
    ...users,
    "    ]",
    "  }"
  ].join("\n")
}

const tlsBlock = ({ ca, cert, key }: NonNullable<NatsLinks["tls"]>): string =>
  `tls { cert_file: ${quote(cert)}, key_file: ${quote(key)}, ca_file: ${quote(ca)}, verify: true }`

const remoteLine = (links: NatsLinks, origin: string, address: string): string => {
  const password = links.passwords[origin]?.[links.own] ?? ""
  const login = [linkNames.user(origin, links.own), password].map(encodeURIComponent).join(":")
  const scheme = links.tls === undefined ? "nats-leaf" : "tls"
  const tls = links.tls === undefined ? "" : `, ${tlsBlock(links.tls)}`
  return `    { url: ${quote(`${scheme}://${login}@${address}`)}, account: ${linkNames.account(origin)}${tls} }`
}

/** The text of the file. It holds passwords. `storeFolder` is JetStream's. */
export const configuration = (links: NatsLinks, storeFolder: string): string => {
  const { busUser, tls } = links
  const bus = busUser === undefined
    ? []
    : [`  BUS { users: [ { user: ${quote(busUser.user)}, password: ${quote(busUser.password)} } ] }`]
  return [
    `server_name: ${quote(links.own)}`,
    `jetstream { domain: ${links.own}, store_dir: ${quote(storeFolder)} }`,
    "accounts {",
    ...bus,
    ...links.datacenters.map((origin) => accountBlock(links, origin)),
    "}",
    ...(busUser === undefined ? [] : [`no_auth_user: ${quote(busUser.user)}`]),
    // A link that is cut without a word is noticed after two of these.
    "ping_interval: \"5s\"",
    "ping_max: 2",
    ...(tls === undefined ? [] : [tlsBlock(tls)]),
    "leafnodes {",
    `  listen: ${quote(links.leafListen)}`,
    "  reconnect: 1",
    // Otherwise the server tells `listen`, also with `no_advertise` (until 2.15), and every second reconnect goes round what
    // others were given: a proxy, a load balancer.
    `  advertise: ${quote(links.leafAdvertise)}`,
    ...(tls === undefined ? [] : [`  ${tlsBlock(tls)}`]),
    "  remotes: [",
    ...Object.entries(links.leafRemotes).map(([origin, address]) => remoteLine(links, origin, address)),
    "  ]",
    "}",
    ""
  ].join("\n")
}
