/** The contract's paths and methods, and what of them a front answers. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import type { Client } from "./frontWorld.ts"

export interface Operation {
  readonly method: string
  /** As the contract writes it. */
  readonly path: string
  /** One of them is enough; none where any token, or no token, will do. */
  readonly scopes: ReadonlyArray<string>
}

const source = new URL("./contract/paths.json", import.meta.url)

const { paths }: { readonly paths: Record<string, Record<string, { readonly scopes: ReadonlyArray<string> }>> } =
  JSON.parse(readFileSync(source, "utf8"))

export const operations: ReadonlyArray<Operation> = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { scopes }]) => ({ method, path, scopes })))

/** The path with something in the place of each parameter: ids of nothing. */
export const exampleOf = (path: string): string => path.replaceAll(/\{[^}]*\}/g, "7")

/** Whether the front has a route: the router's own refusals differ from a route's. */
export const isAnswered = (client: Client, { method, path }: Operation) =>
  Effect.map(client.call(method, exampleOf(path)), ({ body, status }) =>
    !(status === 405 || (status === 404 && body?.error === "Not found")))
