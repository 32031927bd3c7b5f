import { assert, describe, it } from "@effect/vitest"
import { checkManifest, checkSource } from "../src/rooms/check.ts"

const isRefused = (path: string, text: string) => checkSource(path, text).length > 0

describe("the rooms check", () => {
  it("refuses imports against the direction of the rooms, naming file and line", () => {
    assert.deepStrictEqual(checkSource("packages/domain/src/Post.ts", `\nimport * as P from "@rookery/protocol/Author"\n`), [
      "packages/domain/src/Post.ts:2: domain may not import protocol (@rookery/protocol/Author)"
    ])
    assert.isTrue(isRefused("packages/front/src/Api.ts", `import * as A from "@rookery/entities/AuthorLive"`))
    assert.isTrue(isRefused("packages/fanout/src/Plan.ts", `import * as A from "@rookery/entities/AuthorLive"`))
    assert.isTrue(isRefused("cluster/src/one.ts", `import * as T from "@rookery/testkit/TestDatabase"`))
    assert.isTrue(isRefused("packages/store/src/Posts.ts", `import * as C from "@rookery/cluster/one"`))
  })

  it("accepts imports in the direction of the rooms", () => {
    assert.isFalse(isRefused("packages/entities/src/AuthorLive.ts", `import * as F from "@rookery/fanout/Batcher"`))
    assert.isFalse(isRefused("packages/front/src/Api.ts", `import * as S from "@rookery/store/PostStore"`))
    assert.isFalse(isRefused("cluster/src/one.ts", `import * as P from "@rookery/store/postgres/Posts"`))
    assert.isFalse(isRefused("packages/front/test/Api.test.ts", `import * as T from "@rookery/testkit/TestDatabase"`))
  })

  it("keeps implementations behind their ports", () => {
    const text = `import * as P from "@rookery/store/postgres/Posts"`
    assert.isTrue(isRefused("packages/entities/src/AuthorLive.ts", text))
    assert.isTrue(isRefused("packages/front/src/Api.ts", `export * from "@rookery/bus/nats/Bus"`))
    assert.isTrue(isRefused("packages/front/src/Api.ts", `import * as S from "@rookery/store/s3/MediaStoreS3"`))
    assert.isTrue(isRefused("packages/entities/src/AuthorLive.ts", `import * as F from "@rookery/store/folder/MediaStoreFolder"`))
    assert.isFalse(isRefused("packages/testkit/src/TestCluster.ts", text))
  })

  it("sees type, dynamic and re-exporting imports", () => {
    const path = "packages/domain/src/Post.ts"
    assert.isTrue(isRefused(path, `import type { X } from "@rookery/store/X"`))
    assert.isTrue(isRefused(path, `export const x = () => import("@rookery/store/X")`))
    assert.isTrue(isRefused(path, `export type X = import("@rookery/store/X").X`))
    assert.isTrue(isRefused(path, `export { x } from "@rookery/store/X"`))
  })

  it("refuses paths from one room into another", () => {
    const path = "packages/front/src/api/Posts.ts"
    assert.isTrue(isRefused(path, `import { x } from "../../../domain/src/Post.ts"`))
    assert.isTrue(isRefused(path, `import { x } from "../../../../../outside.ts"`))
    assert.isTrue(isRefused(path, `import { x } from "../../test/fixtures.ts"`))
    assert.isFalse(isRefused(path, `import { x } from "../Errors.ts"`))
  })

  it("refuses packages that read the environment, and lets programs", () => {
    const reads = [
      `export const port = process.env["PORT"]`,
      `export const { PORT } = process.env`,
      `import { env } from "node:process"\nexport const port = env.PORT`,
      `import { Config } from "effect"\nexport const port = Config.port("PORT")`
    ]
    for (const text of reads) {
      assert.isTrue(isRefused("packages/store/src/Connection.ts", text), text)
      assert.isFalse(isRefused("cluster/src/settings.ts", text), text)
    }
  })

  it("holds package.json to the same rules and wants a rule for every room", () => {
    const manifest = JSON.stringify({ dependencies: { "@rookery/store": "0.1.0", effect: "4.1.0" } })
    assert.deepStrictEqual(checkManifest("packages/protocol/package.json", manifest), [
      "packages/protocol/package.json: protocol may not import store"
    ])
    assert.deepStrictEqual(checkManifest("packages/front/package.json", manifest), [])
    assert.deepStrictEqual(checkManifest("packages/newcomer/package.json", "{}"), [
      "packages/newcomer/package.json: room newcomer has no rule"
    ])
  })
})
