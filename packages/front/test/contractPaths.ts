/** The contract's paths and methods, and what of them a front answers. */
import { readFileSync } from "node:fs"
import type { Deps } from "../src/Deps.ts"
import * as StreamNames from "../src/live/StreamNames.ts"
import { routes } from "../src/routes/all.ts"
import { settingsOf } from "./frontWorld.ts"

/** A JSON schema of the contract; `#/components/schemas/…` are its entities. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly schema: JsonSchema
}

interface Described {
  /** One of them is enough; none where any token, or no token, will do. */
  readonly scopes: ReadonlyArray<string>
  readonly parameters: ReadonlyArray<Parameter>
  readonly body?: { readonly type: string; readonly schema: JsonSchema }
  /** What each good status answers with; null where that is no JSON, or none that is described. */
  readonly answers: Readonly<Record<string, JsonSchema | null>>
}

export interface Operation extends Described {
  readonly method: string
  /** As the contract writes it. */
  readonly path: string
}

const source = new URL("./contract/paths.json", import.meta.url)

const { paths }: { readonly paths: Record<string, Record<string, Described>> } = JSON.parse(readFileSync(source, "utf8"))

export const operations: ReadonlyArray<Operation> = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({ method, path, ...described })))

export const nameOf = ({ method, path }: Operation): string => `${method} ${path}`

/** The path with something in the place of each parameter: ids of nothing. */
export const exampleOf = (path: string): string => path.replaceAll(/\{[^}]*\}/g, "7")

/** Method and path, whatever the names of the parameters. */
const shapeOf = (method: string, path: string): string => `${method} ${path.replaceAll(/\{[^}]*\}|:[A-Za-z_]+/g, "*")}`

/** Enough to make the routes, though not to call one: whatever is asked of it is itself. */
const nothing: unknown = new Proxy(() => nothing, { get: () => nothing })
const settings = settingsOf({})
const deps = new Proxy({}, { get: (_, name) => name === "settings" ? settings : nothing }) as Deps

/** Every route of a front; none of these can be called. */
export const routed = routes(deps)

const routedShapes = new Set(routed.map(({ method, pattern }) => shapeOf(method, pattern)))

const streams = "/api/v1/streaming/"
const health = `${streams}health`

/** Whether it is a stream. */
export const isStream = ({ path }: Operation): boolean => path.startsWith(streams) && path !== health

/** Streams and their health are served beside the routes. */
const isServedBeside = ({ path }: Operation): boolean =>
  path === health || (path.startsWith(streams) && StreamNames.isKnown(path.slice(streams.length).replaceAll("/", ":")))

/** Whether the front has a route of its own for it. */
export const isAnswered = (operation: Operation): boolean =>
  isServedBeside(operation) || routedShapes.has(shapeOf(operation.method, operation.path))
