/** A request before it is sent: first as its schema asks for, then spoiled. */
import * as SchemaValues from "@rookery/testkit/SchemaValues"
import type { Seeded } from "@rookery/testkit/Seeded"
import { readFileSync } from "node:fs"
import type { Target } from "./targets.ts"

/** What is there: the better requests name, the deeper they reach. */
export interface Known {
  readonly tokens: ReadonlyArray<string>
  /** Ids of accounts, posts, and whatever else was made. */
  readonly ids: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  readonly clientId: string
  readonly clientSecret: string
}

export interface Draft {
  method: string
  /** As it goes over the wire; characters beyond 255 cannot. */
  path: string
  query: Array<[name: string, value: string]>
  /** Instead of `query`. */
  rawQuery?: string
  readonly headers: Record<string, string>
  body: unknown
  /** Instead of `body`. */
  raw?: { readonly type: string | undefined; readonly bytes: Buffer }
  encoding: "json" | "form" | "multipart"
  /** What was done to it. */
  readonly spoiled: Array<string>
}

const { components } = JSON.parse(readFileSync(new URL("../contract/entities.schema.json", import.meta.url), "utf8"))

/** Names and what they mean, the first that fits. */
const meanings = (known: Known): ReadonlyArray<readonly [name: RegExp, values: ReadonlyArray<unknown>]> => [
  [/^client_id$/, [known.clientId]],
  [/^client_secret$/, [known.clientSecret]],
  [/^redirect_uris?$/, ["urn:ietf:wg:oauth:2.0:oob", "https://example.org/back"]],
  [/^grant_type$/, ["password", "client_credentials", "authorization_code", "refresh_token"]],
  [/^scopes?$/, ["read", "read write follow", "read:statuses", "profile", "admin:write"]],
  [/^(token|access_token|code)$/, ["abc", "x".repeat(43)]],
  [/^response_type$/, ["code"]],
  [/^group_key$/, known.ids.map((id) => `favourite-${id}`)],
  [/(^|_)ids?(\[\])?$/, known.ids],
  [/^(acct|username|email|resource)$/, known.names.flatMap((name) => [name, `${name}@rookery.example`, `acct:${name}@rookery.example`])],
  [/^password$/, ["correct horse"]],
  [/^agreement$/, [true, "1"]],
  [/^(name|hashtag|tag|any|all|none)(\[\])?$/, ["walk", "#walk", "ａｂｃ", "übung"]],
  [/^(status|comment|note|text)$/, ["hello", ...known.names.map((name) => `@${name} #walk https://example.org`)]],
  [/^q$/, ["walk", "hello", "@ann", "#walk", "https://rookery.example/@ann"]],
  [/^visibility$/, ["public", "unlisted", "private", "direct"]],
  [/^language$/, ["en", "de-DE"]],
  [/^stream$/, ["user", "user:notification", "public", "public:local", "hashtag", "direct", "list"]],
  [/^(limit|offset)$/, [1, 2, 40, 80, "20"]]
]

export const values = (known: Known): SchemaValues.SchemaValues => {
  const all = meanings(known)
  return SchemaValues.make({
    entities: components.schemas,
    named: (random, name) => {
      const found = all.find(([pattern]) => pattern.test(name))
      return found === undefined ? undefined : random.pick(found[1])
    }
  })
}

const asTexts = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? value : [value]).map(String)

/** What its schema asks for, by whoever the dice say. */
export const plausible = (random: Seeded, target: Target, known: Known, { value }: SchemaValues.SchemaValues): Draft => {
  const path = target.path.replaceAll(/\{([^}]*)\}/g, (_, name: string) =>
    encodeURIComponent(String(value(random, { type: "string" }, name) ?? "").toWellFormed()))
  const query = target.parameters.filter((one) => one.in === "query" && random.chance(0.6)).flatMap(({ name, schema }) => {
    const [bare] = name.split("[")
    return asTexts(value(random, schema, bare!)).map((text): [string, string] => [name, text])
  })
  const token = random.chance(0.15) ? undefined : random.pick(known.tokens)
  return {
    method: target.method,
    path,
    query,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: target.body === undefined ? undefined : value(random, target.body.schema, "body"),
    encoding: target.body?.type === "multipart/form-data" && random.chance(0.7) ? "multipart" : random.weighted({ json: 5, form: 3, multipart: 2 }),
    spoiled: []
  }
}
