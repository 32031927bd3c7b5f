/** OAuth scopes: `read` covers `read:statuses`, and so on. */

/** The top-level scopes; a colon and a name after one of them narrows it. */
const roots = new Set(["read", "write", "follow", "push", "profile", "admin:read", "admin:write"])

const narrowed = /^(read|write|admin:read|admin:write):[a-z_]+$/

const isScope = (scope: string): boolean => roots.has(scope) || narrowed.test(scope)

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
