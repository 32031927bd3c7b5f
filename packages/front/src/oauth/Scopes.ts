/** OAuth scopes: `read` covers `read:statuses`, and so on. */

const narrowedOf = (root: string, names: string): ReadonlyArray<string> => names.split(" ").map((name) => `${root}:${name}`)

const moderated = "accounts canonical_email_blocks domain_allows domain_blocks email_domain_blocks ip_blocks reports"

/** Every scope of the contract. */
export const all: ReadonlyArray<string> = [
  "profile",
  "read",
  ...narrowedOf("read", "accounts blocks bookmarks collections favourites filters follows lists mutes notifications search statuses"),
  "write",
  ...narrowedOf("write", "accounts blocks bookmarks collections conversations favourites filters follows lists media mutes notifications reports statuses"),
  "follow",
  "push",
  "admin:read",
  ...narrowedOf("admin:read", moderated),
  "admin:write",
  ...narrowedOf("admin:write", moderated)
]

const known = new Set(all)

const isScope = (scope: string): boolean => known.has(scope)

/** The scopes in a client's text, in order and once each; undefined when one of them is none. */
export const parse = (text: string): ReadonlyArray<string> | undefined => {
  const scopes = [...new Set(text.split(/[\s+]+/).filter((scope) => scope !== ""))]
  return scopes.every(isScope) ? scopes : undefined
}

/** What `follow`, which is older than the colons, stands for. */
const followScopes = /^(read|write):(follows|blocks|mutes)$/

/** Whether what was granted covers `wanted`. */
export const covers = (granted: ReadonlySet<string>, wanted: string): boolean => {
  if (granted.has(wanted)) return true
  // Who may read accounts may read the caller's own.
  if (wanted === "profile") return covers(granted, "read:accounts")
  const colon = wanted.lastIndexOf(":")
  if (colon > 0 && granted.has(wanted.slice(0, colon))) return true
  return granted.has("follow") && followScopes.test(wanted)
}
