/** Rookery's own part of the API describes itself, whole. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { withFront } from "./frontWorld.ts"

interface Operation {
  readonly summary: string
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly in: string }>
  readonly responses: Record<string, unknown>
}

describe("the description of /api/x/", () => {
  it.live("is served as OpenAPI and as a page, with every route described", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const document = yield* client.ok("GET", "/api/x/openapi.json")
        assert.deepInclude(document, { openapi: "3.1.0", servers: [{ url: "https://rookery.example" }] })
        const page = yield* client.call("GET", "/api/x/")
        assert.strictEqual(page.headers.get("content-type"), "text/html; charset=utf-8")
        assert.notMatch(page.text, /<script|<img|<link|src=/)
        const paths: Record<string, Record<string, Operation>> = document.paths
        assert.containsAllKeys(paths, ["/api/x", "/api/x/openapi.json"])
        for (const [path, operations] of Object.entries(paths)) {
          for (const [method, operation] of Object.entries(operations)) {
            assert.notStrictEqual(operation.summary, "Not described yet", `wrap the route ${method} ${path} in documented(…)`)
            const named = operation.parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)
            assert.deepStrictEqual(named, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!))
            assert.include(page.text, `${method.toUpperCase()} ${path}`)
          }
        }
      })))
})
