/**
 * The streams that are served. One is named by one string: the contract's name, and after a colon the tag where there is
 * one.
 */

/** Streams that only their own person hears, with the scope that each needs. */
const personal: ReadonlyMap<string, string> = new Map([
  ["user", "read:statuses"],
  ["user:notification", "read:notifications"]
])

/** Streams that many people share; those with a tag stand under their name alone. */
const shared: ReadonlyMap<string, string> = new Map()

/** Shared streams whose name is followed by a tag. */
const tagged: ReadonlySet<string> = new Set()

/** Characters of a tag, at most. */
const tagMax = 200

/** The key of a stream that is served here; undefined for any other. */
export const parse = (name: string, tag: string | undefined): string | undefined => {
  if (tagged.has(name)) return tag === undefined || tag === "" || tag.length > tagMax ? undefined : `${name}:${tag.toLowerCase()}`
  return personal.has(name) || shared.has(name) ? name : undefined
}

const nameOf = (key: string): string => {
  for (const name of tagged) if (key.startsWith(`${name}:`)) return name
  return key
}

/** What a token must cover to listen. */
export const scopeOf = (key: string): string => {
  const name = nameOf(key)
  return personal.get(name) ?? shared.get(name) ?? "read:statuses"
}

/** The parts under which a client knows a stream. */
export const wireName = (key: string): ReadonlyArray<string> => {
  const name = nameOf(key)
  return name === key ? [key] : [name, key.slice(name.length + 1)]
}

/** Whether only one person hears it. */
export const isPersonal = (key: string): boolean => personal.has(key)
