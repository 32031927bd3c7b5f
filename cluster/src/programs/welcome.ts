/** What a person reads when the one-process program runs: where it is, and commands that work as they stand. */
import type { Configuration } from "@rookery/config/Load"
import { withoutPassword } from "@rookery/config/Setting"
import { settings } from "@rookery/config/Settings"
import { resolve } from "node:path"

/** What the command line must be told as the server was, to find its database and to make ids there. */
const told = ["databaseUrl", "dataDir", "shardsPerGroup", "topology", "datacenter", "linkCredentials"] as const

type Where = Pick<Configuration, (typeof told)[number]>

/** Leaves alone what no shell reads anything into. */
const quote = (value: string): string => /^[\w./:@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`

/** `NAME=value ` of each setting that is not what it is by itself. A path holds in whatever folder the command is given. */
const prefixOf = (where: Where): string => {
  const given = { ...where, dataDir: resolve(where.dataDir) }
  const usual: Where = {
    databaseUrl: undefined,
    // The folder is not looked at where there is a server.
    dataDir: where.databaseUrl === undefined ? resolve(settings.dataDir.fallback) : given.dataDir,
    shardsPerGroup: settings.shardsPerGroup.fallback,
    topology: settings.topology.fallback,
    datacenter: settings.datacenter.fallback,
    linkCredentials: settings.linkCredentials.fallback
  }
  return told.filter((key) => given[key] !== usual[key])
    .map((key) => `${settings[key].name}=${quote(withoutPassword(`${given[key]}`))} `).join("")
}

const hiddenPassword = ({ databaseUrl }: Where): string =>
  databaseUrl === undefined || withoutPassword(databaseUrl) === databaseUrl ? "" : " (with the password of DATABASE_URL instead of ***)"

/** `url` is where the server listens. */
export const welcome = (version: string, url: string, where: Where): string => {
  const prefix = prefixOf(where)
  const at = (path: string) => quote(`${url}${path}`)
  return `
Rookery ${version} is running at ${url}
Data: ${where.databaseUrl === undefined ? where.dataDir : "the database of DATABASE_URL"}. Ctrl-C stops it.

A first conversation, in another terminal${hiddenPassword(where)}:
  ${prefix}npm run rookery -- accounts create ada --email ada@example.org --password correct-horse
  TOKEN=$(${prefix}npm run --silent rookery -- accounts token ada)
  curl ${at("/api/v1/statuses")} -H "Authorization: Bearer $TOKEN" -d status="Hello, Rookery"
  curl ${at("/api/v1/timelines/home")} -H "Authorization: Bearer $TOKEN"

Or log in to ${url} with any Mastodon client. Metrics: ${url}/metrics
`
}
