/** One route of the API, and the request that its handler sees. */
import type { StoreError } from "@rookery/store/StoreError"
import type { Effect } from "effect"
import type { IncomingHttpHeaders } from "node:http"
import type { Account, Identity } from "../oauth/Identity.ts"
import type { Answer } from "./Answer.ts"
import type { ApiError } from "./Errors.ts"
import type { Fields } from "./Fields.ts"
import type { FileNames } from "./Upload.ts"

export interface Request {
  readonly method: string
  /** Without the query and without a slash at the end. */
  readonly path: string
  /** As it was sent, without the question mark. */
  readonly rawQuery: string
  /** The values of the pattern's names, in order, decoded. */
  readonly params: ReadonlyArray<string>
  readonly headers: IncomingHttpHeaders
  /** Where it came from, as far as trusted proxies tell; asked for, since few routes need it. */
  readonly address: () => string
  /** Of the query, and of the body where there is one, which wins. */
  readonly fields: Fields
  /** Of those that the route takes, the ones that were sent. */
  readonly files: ReadonlyMap<string, Buffer>
  readonly identity: Identity | undefined
}

export type Handler = (request: Request) => Effect.Effect<Answer, ApiError | StoreError>

/**
 * Who may call:
 * - `open`: anyone; a token is not looked at.
 * - `optional`: anyone; a token must be good if there is one, and cover `scope` if it belongs to a person.
 * - `token`: any good token, a program's own too.
 * - `person`: the token of a person.
 */
export type Access =
  | { readonly kind: "open" }
  | { readonly kind: "optional" | "token" | "person"; readonly scope: string | undefined }

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Segments; those that begin with `:` are parameters. */
  readonly pattern: string
  readonly access: Access
  readonly handle: Handler
  /** Files that a multipart body may hold; the token then comes with header or query, since it is looked at first. */
  readonly files?: FileNames
  /** What the served OpenAPI page says of a route that the contract does not describe. */
  readonly doc?: RouteDoc
}

export interface RouteDoc {
  readonly summary: string
  /** Fields of the query, or of the body where there is one: what each is. */
  readonly fields?: Readonly<Record<string, string>>
  /** What a good answer holds. */
  readonly answer: string
}

/** The same route, taking files. */
export const taking = (files: FileNames, route: Route): Route => ({ ...route, files })

export const documented = (route: Route, doc: RouteDoc): Route => ({ ...route, doc })

export const open: Access = { kind: "open" }
export const optional = (scope?: string): Access => ({ kind: "optional", scope })
export const token = (scope?: string): Access => ({ kind: "token", scope })
export const person = (scope: string): Access => ({ kind: "person", scope })

export const route = (method: Route["method"], pattern: string, access: Access, handle: Handler): Route => ({
  method,
  pattern,
  access,
  handle
})

/** A route for people: the handler gets the caller. */
export const personal = (
  method: Route["method"],
  pattern: string,
  scope: string,
  handle: (request: Request, me: Account) => ReturnType<Handler>
): Route => route(method, pattern, person(scope), (request) => handle(request, request.identity!.account!))
