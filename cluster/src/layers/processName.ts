/** How a process names its database sessions, so that `status` can tell whose a lock is, and where its metrics are. */

/** `rookery runner HOST:PORT OPS-URL`, or `rookery one alone OPS-URL`; Postgres keeps 63 bytes. */
export const make = (kind: string, address: string, opsUrl: string): string => `rookery ${kind} ${address} ${opsUrl}`

/** The parts of such a name; undefined for another one. */
export const parse = (name: string): { readonly opsUrl: string } | undefined => {
  const [rookery, , , opsUrl] = name.split(" ")
  return rookery === "rookery" && opsUrl !== undefined ? { opsUrl } : undefined
}
