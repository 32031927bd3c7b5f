/** Values from JSON schemas, drawn from a seed: such as a schema asks for, and such as nobody should send. */
import type { Seeded } from "./Seeded.ts"

export type JsonSchema = Readonly<Record<string, unknown>>

export interface Options {
  /** What `#/components/schemas/…` are. */
  readonly entities: Readonly<Record<string, JsonSchema>>
  /** A value that means something for a field of that name; undefined for most. */
  readonly named: (random: Seeded, name: string) => unknown
}

export interface SchemaValues {
  /** A value for the field `name` that the schema allows, as far as schemas tell. */
  readonly value: (random: Seeded, schema: JsonSchema, name: string) => unknown
}

/** Deeper than this, whatever may be left out is. */
const depthMax = 4
const itemsMax = 4
/** How often a name's own meaning is taken before its schema, and a property that may be left out is sent. */
const namedShare = 0.8
const optionalShare = 0.6

const texts: ReadonlyArray<string> = ["", "a", "hello", "Grüße aus Köln", "日本語", "🏳️‍🌈 flags", "two\nlines", " space ", "true", "0", "12", "<b>bold</b>"]
const numbers: ReadonlyArray<number> = [0, 1, 2, 20, 40, 80, 1_000]

const formats: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00.000Z",
  email: "someone@example.org",
  uri: "https://example.org/a?b=c",
  "iso-639-1": "en"
}

const listOf = (value: unknown): ReadonlyArray<JsonSchema> => Array.isArray(value) ? value : []

export const make = ({ entities, named }: Options): SchemaValues => {
  const resolve = (schema: JsonSchema): JsonSchema => {
    const name = typeof schema["$ref"] === "string" ? schema["$ref"].split("/").at(-1)! : undefined
    return name === undefined ? schema : entities[name] ?? {}
  }

  const objectOf = (random: Seeded, schema: JsonSchema, depth: number): Record<string, unknown> => {
    const properties = Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>)
    const required: ReadonlyArray<unknown> = Array.isArray(schema["required"]) ? schema["required"] : []
    const sent = properties.filter(([name]) => required.includes(name) || (depth < depthMax && random.chance(optionalShare)))
    const more = schema["additionalProperties"]
    const others = typeof more === "object" && more !== null && depth < depthMax ? [["home", more as JsonSchema] as const] : []
    return Object.fromEntries([...sent, ...others].map(([name, inner]) => [name, draw(random, inner, name, depth + 1)]))
  }

  const typed = (random: Seeded, schema: JsonSchema, name: string, depth: number): unknown => {
    const type: unknown = Array.isArray(schema["type"]) ? random.pick(schema["type"]) : schema["type"]
    const items = schema["items"] as JsonSchema | undefined
    switch (type) {
      case "object":
        return objectOf(random, schema, depth)
      case "array":
        return Array.from({ length: random.int(depth < depthMax ? itemsMax : 1) }, () => draw(random, items ?? {}, name, depth + 1))
      case "boolean":
        return random.chance(0.5)
      case "integer":
      case "number":
        return random.pick(numbers)
      case "null":
        return null
      default:
        return formats[String(schema["format"])] ?? random.pick(texts)
    }
  }

  const draw = (random: Seeded, given: JsonSchema, name: string, depth: number): unknown => {
    const schema = resolve(given)
    const choices = [...listOf(schema["oneOf"]), ...listOf(schema["anyOf"])]
    if (choices.length > 0) return draw(random, random.pick(choices), name, depth + 1)
    const parts = listOf(schema["allOf"])
    if (parts.length > 0) return Object.assign({}, ...parts.map((part) => draw(random, part, name, depth + 1)))
    if (Array.isArray(schema["enum"])) return random.pick(schema["enum"])
    const isScalar = schema["type"] !== "object" && schema["type"] !== "array"
    const known = isScalar && random.chance(namedShare) ? named(random, name) : undefined
    return known ?? typed(random, schema, name, depth)
  }

  return { value: (random, schema, name) => draw(random, schema, name, 0) }
}

/** Keys that mean something to JavaScript, to forms, or to databases. */
export const hostileNames: ReadonlyArray<string> = [
  "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__proto__[polluted]", "constructor[prototype][polluted]",
  "id[]", "id[][]", "id[0]", "id[a][b][c][d][e][f]", "[]", "[", "]", "", " ", "a[", "a]", "\0", "a.b", "limit[]", "access_token[]"
]

/** Text that has tripped servers before. */
export const hostileTexts: ReadonlyArray<string> = [
  "", " ", "\0", "a\0b", "\ud800", "a\udc00b", "\uffff", "\u202e\u200b", "%00", "%", "%zz", "../../../../etc/passwd", "'; DROP TABLE posts; --", "\\", "\r\nx: y",
  "<script>alert(1)</script>", "-1", "-0", "0", "00", "1e3", "0x10", "1.5", "NaN", "Infinity", "null", "undefined", "true", "[object Object]",
  "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "99999999999999999999999999", "2147483648",
  "é".repeat(600), "#".repeat(3_000), "@a ".repeat(2_000), "a\u0301".repeat(2_000), "x".repeat(70_000), "＃tag ＠name", "1970-01-01", "😀"
]

const hostileValues: ReadonlyArray<unknown> = [
  0, -1, 1.5, 1e300, -1e300, 2 ** 31, 2 ** 53, 2 ** 63, Number.MIN_VALUE, true, false, null, [], [[]], [null], {}, { "": "" }, [1, "2", {}], { a: { b: [] } },
  { length: 1e9 }, Array.from({ length: 2_000 }, (_, n) => String(n)), Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`k${n}`, n]))
]

/** Something that no schema asks for. */
export const hostile = (random: Seeded): unknown => random.chance(0.6) ? random.pick(hostileTexts) : random.pick(hostileValues)
