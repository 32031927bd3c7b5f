/** Pictures through the real programs: into a bucket, and into a folder that two fronts share. */
import { assert, describe, it } from "@effect/vitest"
import * as TestObjectServer from "@rookery/testkit/TestObjectServer"
import { Effect } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as program from "./program.ts"

/** One pixel. */
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")

const makeToken = Effect.fnUntraced(function*(dataDir: string) {
  const env = { DATA_DIR: dataDir }
  const created = yield* program.run("rookery", ["accounts", "create", "ada", "--email", "ada@example.org", "--password", "correct-horse"], env)
  assert.strictEqual(created.code, 0, created.output)
  return (yield* program.run("rookery", ["accounts", "token", "ada"], env)).stdout.trim()
})

interface Picture {
  readonly id: string
  readonly url: string
  readonly preview_url: string
}

const upload = (base: string, token: string) =>
  Effect.promise(async (): Promise<Picture> => {
    const form = new FormData()
    form.set("file", new Blob([png]), "a.png")
    const response = await fetch(`${base}/api/v2/media`, { method: "POST", body: form, headers: { authorization: `Bearer ${token}` } })
    assert.strictEqual(response.status, 200)
    return await response.json() as Picture
  })

const typeAt = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url)
    await response.arrayBuffer()
    return `${response.status} ${response.headers.get("content-type")}`
  })

describe("pictures", () => {
  it.live("of one process may be in a bucket", () =>
    Effect.scoped(Effect.gen(function*() {
      const access = { bucket: "pictures", region: "eu-test-1", accessKeyId: "AKIATEST", secretAccessKey: "a/secret+" }
      const server = yield* TestObjectServer.make(access)
      const dataDir = yield* program.folder
      const one = yield* program.start("one", [], {
        DATA_DIR: dataDir,
        PORT: "0",
        MEDIA_STORE: "s3",
        S3_ENDPOINT: `${server.endpoint}/`,
        S3_BUCKET: access.bucket,
        S3_REGION: access.region,
        S3_ACCESS_KEY_ID: access.accessKeyId,
        S3_SECRET_ACCESS_KEY: access.secretAccessKey,
        S3_PATH_STYLE: "true",
        MEDIA_BASE_URL: "https://cdn.example/m/"
      })
      const [, url] = yield* one.says(/is running at (http:\S+)/)
      const token = yield* makeToken(dataDir)
      const picture = yield* upload(url!, token)
      const keys = [picture.url, picture.preview_url].map((address) => address.replace("https://cdn.example/m/", ""))
      assert.sameMembers([...server.objects.keys()], keys)
      assert.strictEqual(yield* typeAt(`${url}/media/${keys[0]}`), "200 image/webp")
      assert.strictEqual(yield* typeAt(`${url}/media/${keys[0]!.replace("original", "avatar")}`), "404 application/json; charset=utf-8")
    })), 120_000)

  it.live("of a cluster are sent to one front, posted through another, and served by both", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      const cluster = yield* program.start("cluster", ["--runners", "1", "--fronts", "2"], { DATA_DIR: dataDir })
      yield* cluster.says(/The cluster runs\./)
      const { members }: { readonly members: ReadonlyArray<{ readonly kind: string; readonly url: string }> } =
        JSON.parse(yield* Effect.promise(() => readFile(join(dataDir, "cluster.json"), "utf8")))
      const [first, second] = members.filter(({ kind }) => kind === "front").map(({ url }) => url)
      const token = yield* makeToken(dataDir)
      const picture = yield* upload(first!, token)
      const posted = yield* Effect.promise(() =>
        fetch(`${second}/api/v1/statuses`, {
          method: "POST",
          body: new URLSearchParams({ "media_ids[]": picture.id }),
          headers: { authorization: `Bearer ${token}` }
        }))
      assert.strictEqual(posted.status, 200)
      const key = new URL(picture.url).pathname
      for (const front of [first, second]) assert.strictEqual(yield* typeAt(front + key), "200 image/webp")
    })), 180_000)
})
