/**
 * Fields of forms and queries as objects: `id[]=1&id[]=2` is a list, `source[privacy]=public` an object, up to four
 * levels deep. Without a prototype, so that no field name means more than it says.
 */

export type Fields = Record<string, unknown>

export const empty: Fields = Object.freeze(Object.create(null)) as Fields

/** Fields in one form or query, at most; what comes after is ignored. */
const fieldsMax = 1_000

const bracketed = /^([^[\]]+)((?:\[[^[\]]*\]){1,4})$/

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value)

export const collect = (entries: Iterable<readonly [string, unknown]>): Fields => {
  const fields: Fields = Object.create(null)
  let count = 0
  for (const [name, value] of entries) {
    if (++count > fieldsMax) break
    const parts = bracketed.exec(name)
    if (parts === null) fields[name] = value
    else put(fields, parts[1]!, parts[2]!.slice(1, -1).split("]["), value)
  }
  return fields
}

const put = (fields: Fields, name: string, path: ReadonlyArray<string>, value: unknown): void => {
  const [key, ...rest] = path
  if (key === undefined) fields[name] = value
  else if (key === "") append(fields, name, rest, value)
  else {
    const inner = fields[name]
    const object: Fields = isObject(inner) ? inner : Object.create(null)
    fields[name] = object
    put(object, key, rest, value)
  }
}

/** `a[][x]=1&a[][y]=2&a[][x]=3` are two objects: a key that is there already begins the next. */
const append = (fields: Fields, name: string, path: ReadonlyArray<string>, value: unknown): void => {
  const known = fields[name]
  const list: Array<unknown> = Array.isArray(known) ? known : []
  fields[name] = list
  const [key, ...rest] = path
  if (key === undefined) list.push(value)
  else {
    const last = list[list.length - 1]
    const object: Fields = isObject(last) && !(key in last) ? last : Object.create(null)
    if (object !== last) list.push(object)
    put(object, key, rest, value)
  }
}

export const ofQuery = (query: string): Fields => query === "" ? empty : collect(new URLSearchParams(query))
