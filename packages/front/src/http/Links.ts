/** The `Link` header of a page: absolute, `next` first, none for an empty page. */

/** Parameters that page; all others are kept in the link. */
const paging = ["max_id", "since_id", "min_id"]

/** Of all others together, in characters: they stand in the header twice, and clients refuse headers beyond 16 kB. */
const keptMax = 4_000

/**
 * `next` continues below `last`, `prev` above `first`. `base` is the absolute address of the route without its
 * query, `query` the raw one that the client sent.
 */
export const page = (
  base: string,
  query: string,
  cursors: { readonly first: bigint; readonly last: bigint } | undefined
): string | undefined => {
  if (cursors === undefined) return undefined
  const kept = query === "" ? "" : keep(query)
  // Without its parameters the link would lead elsewhere; whoever sends so many pages by ids.
  if (kept.length > keptMax) return undefined
  return `<${base}?${kept}max_id=${cursors.last}>; rel="next", <${base}?${kept}min_id=${cursors.first}>; rel="prev"`
}

/** Between which cursors a list lies; undefined when it is empty. */
export const cursorsOf = (rows: ReadonlyArray<{ readonly cursor: bigint }>) => {
  const first = rows[0]?.cursor
  const last = rows[rows.length - 1]?.cursor
  return first === undefined || last === undefined ? undefined : { first, last }
}

const keep = (query: string): string => {
  const fields = new URLSearchParams(query)
  for (const name of paging) fields.delete(name)
  fields.delete("access_token")
  const rest = fields.toString()
  return rest === "" ? "" : `${rest}&`
}
