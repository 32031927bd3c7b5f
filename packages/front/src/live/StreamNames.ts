/**
 * The streams that are served. One is named by one string: the contract's name, and after a colon and the sign the tag
 * where there is one.
 */
import * as PostParts from "@rookery/domain/PostParts"
import * as Topics from "@rookery/domain/Topics"

/** Streams that only their own person hears, with the scope that each needs. */
const personal: ReadonlyMap<string, string> = new Map([
  ["user", "read:statuses"],
  ["user:notification", "read:notifications"],
  ["direct", "read:statuses"]
])

/** Streams that many people share; those with a tag stand under their name alone. */
const shared: ReadonlyMap<string, string> = new Map([
  ["public", "read:statuses"],
  ["public:local", "read:statuses"],
  ["hashtag", "read:statuses"],
  ["hashtag:local", "read:statuses"]
])

/** Shared streams whose name is followed by a tag. */
const tagged: ReadonlySet<string> = new Set(["hashtag:local", "hashtag"])

/** Characters of a tag, at most. */
const tagMax = 200

/** Whether a stream of that name is served, which may still want for its tag. */
export const isKnown = (name: string): boolean => personal.has(name) || shared.has(name)

/** The key of a stream that is served here; undefined for any other. */
export const parse = (name: string, tag: string | undefined): string | undefined => {
  if (tagged.has(name)) return tag === undefined || tag === "" || tag.length > tagMax ? undefined : `${name}:#${PostParts.tagKey(tag.replace(/^#/, ""))}`
  return personal.has(name) || shared.has(name) ? name : undefined
}

const nameOf = (key: string): string => {
  for (const name of tagged) if (key.startsWith(`${name}:#`)) return name
  return key
}

/** The keys under which people listen to a topic (domain/Topics.ts) and hear of a post of this datacenter, or of another. */
export const ofTopic = (topic: string, isFar: boolean): ReadonlyArray<string> => {
  const [all, local]: readonly [string, string] = topic === Topics.everything ? ["public", "public:local"] : [`hashtag:${topic}`, `hashtag:local:${topic}`]
  return isFar ? [all] : [all, local]
}

/** What a token must cover to listen. */
export const scopeOf = (key: string): string => {
  const name = nameOf(key)
  return personal.get(name) ?? shared.get(name) ?? "read:statuses"
}

/** The parts under which a client knows a stream. */
export const wireName = (key: string): ReadonlyArray<string> => {
  const name = nameOf(key)
  return name === key ? [key] : [name, key.slice(name.length + 2)]
}

/** Whether only one person hears it. */
export const isPersonal = (key: string): boolean => personal.has(key)
