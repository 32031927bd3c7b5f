/**
 * Fields of forms and queries as objects: `id[]=1&id[]=2` is a list, `source[privacy]=public` an object, one
 * level deep. Without a prototype, so that no field name means more than it says.
 */

export type Fields = Record<string, unknown>

export const empty: Fields = Object.freeze(Object.create(null)) as Fields

/** Fields in one form or query, at most; what comes after is ignored. */
const fieldsMax = 1_000

const bracketed = /^([^[\]]+)\[([^[\]]*)\]$/

export const collect = (entries: Iterable<readonly [string, unknown]>): Fields => {
  const fields: Fields = Object.create(null)
  let count = 0
  for (const [name, value] of entries) {
    if (++count > fieldsMax) break
    const parts = bracketed.exec(name)
    if (parts === null) fields[name] = value
    else if (parts[2] === "") append(fields, parts[1]!, value)
    else nest(fields, parts[1]!, parts[2]!, value)
  }
  return fields
}

const append = (fields: Fields, name: string, value: unknown): void => {
  const list = fields[name]
  if (Array.isArray(list)) list.push(value)
  else fields[name] = [value]
}

const nest = (fields: Fields, name: string, key: string, value: unknown): void => {
  const inner = fields[name]
  if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) (inner as Fields)[key] = value
  else {
    const fresh: Fields = Object.create(null)
    fresh[key] = value
    fields[name] = fresh
  }
}

export const ofQuery = (query: string): Fields => query === "" ? empty : collect(new URLSearchParams(query))
