/** What the room rules need to know of one source file. */
import { type ParseResult, parseSync, Visitor } from "oxc-parser"

export interface Mention {
  readonly text: string
  /** From 1. */
  readonly line: number
}

export interface SourceFacts {
  /** Every import and re-export, static or dynamic, types too. */
  readonly imports: ReadonlyArray<Mention>
  /** Every place that reads the environment. */
  readonly environmentReads: ReadonlyArray<Mention>
}

/** Effect's configuration reads the environment unless a provider is given. */
const ENVIRONMENT_NAMES: Readonly<Record<string, ReadonlyArray<string>>> = {
  "effect": ["Config", "ConfigProvider"],
  "node:process": ["env", "argv"],
  "process": ["env", "argv"]
}

/** Parses a file; throws on a syntax error. */
export const readFacts = (path: string, text: string): SourceFacts => {
  const parsed = parseSync(path, text)
  const error = parsed.errors[0]
  if (error !== undefined) throw new Error(`${path}: ${error.message}`)
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length
  const at = (found: Found): Mention => ({ text: found.text, line: lineOf(found.offset) })
  return {
    imports: [...staticImports(parsed), ...nestedImports(parsed)].map(at),
    environmentReads: [...environmentImports(parsed), ...environmentMembers(parsed)].map(at)
  }
}

interface Found {
  readonly text: string
  readonly offset: number
}

const staticImports = ({ module }: ParseResult): Array<Found> => [
  ...module.staticImports.map(({ moduleRequest }) => ({ text: moduleRequest.value, offset: moduleRequest.start })),
  ...module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) =>
      moduleRequest === null ? [] : [{ text: moduleRequest.value, offset: moduleRequest.start }]
    )
  )
]

/** `import("x")` as an expression and as a type. */
const nestedImports = ({ program }: ParseResult): Array<Found> => {
  const found: Array<Found> = []
  const note = ({ start, value }: { start: number; value: unknown }) => found.push({ text: String(value), offset: start })
  new Visitor({
    ImportExpression: ({ source }) => {
      if (source.type === "Literal") note(source)
    },
    TSImportType: ({ source }) => {
      note(source)
    }
  }).visit(program)
  return found
}

const environmentImports = ({ module }: ParseResult): Array<Found> =>
  module.staticImports.flatMap(({ entries, moduleRequest }) =>
    entries
      .map(({ importName }) => importName.name ?? "")
      .filter((name) => ENVIRONMENT_NAMES[moduleRequest.value]?.includes(name))
      .map((name) => ({ text: `${name} of ${moduleRequest.value}`, offset: moduleRequest.start }))
  )

/** `process.env`, `process.argv` and `import.meta.env`, also as `process["env"]`. */
const environmentMembers = ({ program }: ParseResult): Array<Found> => {
  const found: Array<Found> = []
  new Visitor({
    MemberExpression: ({ object, property, start }) => {
      const owner = object.type === "Identifier" ? object.name : object.type === "MetaProperty" ? "import.meta" : ""
      const name = property.type === "Identifier" ? property.name : property.type === "Literal" ? property.value : ""
      const isRead = (owner === "process" && (name === "env" || name === "argv")) || (owner === "import.meta" && name === "env")
      if (isRead) found.push({ text: `${owner}.${name}`, offset: start })
    }
  }).visit(program)
  return found
}
