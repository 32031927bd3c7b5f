/** Finds the route of a request: fixed paths by one lookup, those with parameters by a walk over their segments. */
import type { Route } from "./Route.ts"

interface Node {
  readonly fixed: Map<string, Node>
  parameter: Node | undefined
  readonly routes: Map<string, Route>
}

/** `Missing` has no such path; `WrongMethod` names the methods that the path has. */
export type Match =
  | { readonly _tag: "Found"; readonly route: Route; readonly params: ReadonlyArray<string> }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "WrongMethod"; readonly allow: string }

export interface Router {
  /** `path` has no slash at the end. */
  readonly find: (method: string, path: string) => Match
}

const makeNode = (): Node => ({ fixed: new Map(), parameter: undefined, routes: new Map() })

const missing: Match = { _tag: "Missing" }
const none: ReadonlyArray<string> = []

/** Throws when two routes have the same method and pattern. */
export const make = (routes: ReadonlyArray<Route>): Router => {
  const root = makeNode()
  const static_ = new Map<string, Node>()
  for (const route of routes) {
    const node = place(root, route)
    if (!route.pattern.includes("/:")) static_.set(route.pattern, node)
  }
  return {
    find: (method, path) => {
      const fixed = static_.get(path)
      if (fixed !== undefined) return pick(fixed, method, none)
      const params: Array<string> = []
      const node = walk(root, path.split("/"), 1, params)
      return node === undefined ? missing : pick(node, method, params)
    }
  }
}

const place = (root: Node, route: Route): Node => {
  let node = root
  for (const segment of route.pattern.split("/").slice(1)) {
    if (segment.startsWith(":")) node = node.parameter ??= makeNode()
    else {
      const next = node.fixed.get(segment) ?? makeNode()
      node.fixed.set(segment, next)
      node = next
    }
  }
  if (node.routes.has(route.method)) throw new Error(`two routes for ${route.method} ${route.pattern}`)
  node.routes.set(route.method, route)
  return node
}

/** A fixed segment wins over a parameter, unless nothing lies beyond it. */
const walk = (node: Node, segments: ReadonlyArray<string>, at: number, params: Array<string>): Node | undefined => {
  if (at === segments.length) return node.routes.size > 0 ? node : undefined
  const segment = segments[at]!
  const next = node.fixed.get(segment)
  const found = next === undefined ? undefined : walk(next, segments, at + 1, params)
  if (found !== undefined || node.parameter === undefined || segment === "") return found
  params.push(decode(segment))
  const beyond = walk(node.parameter, segments, at + 1, params)
  if (beyond === undefined) params.pop()
  return beyond
}

/** A broken escape stays as it was sent, and so does what no store can hold: it will name nothing. */
const decode = (segment: string): string => {
  if (!segment.includes("%")) return segment
  try {
    const text = decodeURIComponent(segment)
    return text.includes("\0") ? segment : text
  } catch {
    return segment
  }
}

const pick = (node: Node, method: string, params: ReadonlyArray<string>): Match => {
  const route = node.routes.get(method === "HEAD" ? "GET" : method)
  if (route !== undefined) return { _tag: "Found", route, params }
  const methods = [...node.routes.keys()]
  return { _tag: "WrongMethod", allow: [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ") }
}
