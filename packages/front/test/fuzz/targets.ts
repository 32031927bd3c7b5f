/** Everything that can be asked of a front: the contract's operations, the served OpenAPI's, and all other routes. */
import type { JsonSchema } from "@rookery/testkit/SchemaValues"
import { Effect } from "effect"
import { isAnswered, isStream, operations, type Parameter, routed } from "../contractPaths.ts"
import type { Client } from "../frontWorld.ts"

export interface Target {
  readonly method: string
  readonly path: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: { readonly type: string; readonly schema: JsonSchema } | undefined
  /** Its good answer does not end. */
  readonly isStream: boolean
  /** Whether anything is there at all. */
  readonly isThere: boolean
}

interface Served {
  readonly parameters: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
}

const ofContract: ReadonlyArray<Target> = operations.map((one) => ({
  method: one.method,
  path: one.path,
  parameters: one.parameters,
  body: one.body,
  isStream: isStream(one),
  isThere: isAnswered(one)
}))

const ofServed = (paths: Readonly<Record<string, Readonly<Record<string, Served>>>>): ReadonlyArray<Target> =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]) => {
      const [body] = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => ({ type, schema }))
      return { method: method.toUpperCase(), path, parameters, body, isStream: path === "/api/x/stream", isThere: true }
    }))

const text: JsonSchema = { type: "string" }

/** Routes that no schema describes have what is in their path, and whatever fields there are. */
const ofRoutes: ReadonlyArray<Target> = routed.map(({ method, pattern }) => ({
  method,
  path: pattern.replaceAll(/:([A-Za-z_]+)/g, "{$1}"),
  parameters: [...pattern.matchAll(/:([A-Za-z_]+)/g)].map(([, name]): Parameter => ({ name: name!, in: "path", schema: text })),
  body: undefined,
  isStream: false,
  isThere: true
}))

/** The one address of all streams, which says which in its query. */
const anyStream: Target = {
  method: "GET",
  path: "/api/v1/streaming",
  parameters: [{ name: "stream", in: "query", schema: text }, { name: "tag", in: "query", schema: text }],
  body: undefined,
  isStream: true,
  isThere: true
}

const shapeOf = ({ method, path }: Target): string => `${method} ${path.replaceAll(/\{[^}]*\}/g, "*")}`

/** Each method and path once, with the best description there is. */
export const all = (client: Client) =>
  Effect.map(client.ok("GET", "/api/x/openapi.json"), ({ paths }) => {
    const known = new Map<string, Target>()
    for (const target of [...ofContract, ...ofServed(paths), anyStream, ...ofRoutes]) {
      if (!known.has(shapeOf(target))) known.set(shapeOf(target), target)
    }
    return [...known.values()]
  })
