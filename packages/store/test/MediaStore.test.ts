/** Pictures' bytes: the folder and the bucket behave alike. */
import { assert, describe, it } from "@effect/vitest"
import * as Media from "@rookery/domain/Media"
import * as TestObjectServer from "@rookery/testkit/TestObjectServer"
import { Effect, Exit, Layer, Redacted } from "effect"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import * as Folder from "../src/folder/MediaStoreFolder.ts"
import { MediaStore } from "../src/MediaStore.ts"
import * as S3 from "../src/s3/MediaStoreS3.ts"

const access = { bucket: "pictures", region: "eu-test-1", accessKeyId: "AKIATEST", secretAccessKey: "a secret/with+signs" }

const settingsFor = (server: TestObjectServer.TestObjectServer): S3.Settings => ({
  ...access,
  endpoint: server.endpoint,
  secretAccessKey: Redacted.make(access.secretAccessKey),
  pathStyle: true
})

const tempFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-media-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const folderLayer = Layer.unwrap(Effect.map(tempFolder, (folder) => Folder.layer(join(folder, "below", "media"))))
const s3Layer = Layer.unwrap(Effect.map(TestObjectServer.make(access), (server) => S3.layer(settingsFor(server))))

const keyOf = (id: bigint, form: Media.Form = "original") => Media.keyOf(Media.stemOf(id, "0123456789abcdef".repeat(2)), form, "webp")
const bytesOf = (stream: Readable) => Effect.promise(() => buffer(stream))

for (const [name, layer] of [["a folder", folderLayer], ["a bucket", s3Layer]] as const) {
  describe(`pictures in ${name}`, () => {
    it.live("are there once stored, whole and in parts, until they are removed", () =>
      Effect.gen(function*() {
        const store = yield* MediaStore
        const key = keyOf(7n)
        assert.isUndefined(yield* store.get(key))
        yield* store.put(key, Buffer.from("0123456789"))
        const whole = (yield* store.get(key))!
        assert.deepStrictEqual([whole.total, whole.start, whole.end], [10, 0, 9])
        assert.strictEqual(String(yield* bytesOf(whole.bytes)), "0123456789")
        const ranges = [[{ start: 3 }, 3, 9], [{ start: 2, end: 4 }, 2, 4], [{ start: 8, end: 99 }, 8, 9], [{ start: 10 }, 0, 9]] as const
        for (const [range, start, end] of ranges) {
          const part = (yield* store.get(key, range))!
          assert.deepStrictEqual([part.total, part.start, part.end], [10, start, end])
          assert.strictEqual(String(yield* bytesOf(part.bytes)), "0123456789".slice(start, end + 1))
        }
        yield* store.put(keyOf(8n, "small"), Buffer.from("x"))
        yield* store.remove([key, keyOf(9n)])
        yield* store.remove([key])
        assert.isUndefined(yield* store.get(key))
        assert.strictEqual((yield* store.get(keyOf(8n, "small")))!.total, 1)
      }).pipe(Effect.scoped, Effect.provide(layer)))

    it.live("have no other names than ours", () =>
      Effect.gen(function*() {
        const store = yield* MediaStore
        for (const key of ["../../etc/passwd", "/etc/passwd", "01/../../x", `${keyOf(7n)}/..`, "", `${keyOf(7n)}\n`, keyOf(7n).replace(".webp", ".svg")]) {
          assert.isUndefined(yield* store.get(key), key)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(store.put(key, Buffer.from("x")))), key)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(store.remove([key]))), key)
        }
      }).pipe(Effect.scoped, Effect.provide(layer)))
  })
}

describe("the folder", () => {
  it.live("shows nothing of what was not written to its end, and removes it", () =>
    Effect.scoped(Effect.gen(function*() {
      const folder = yield* tempFolder
      yield* Effect.gen(function*() {
        const store = yield* MediaStore
        const key = keyOf(7n)
        yield* store.put(key, Buffer.from("x"))
        yield* Effect.promise(() => writeFile(join(folder, `${keyOf(8n)}.part`), "half"))
        assert.isUndefined(yield* store.get(keyOf(8n)))
        yield* store.remove([key, keyOf(8n)])
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(folder, "01"))), [])
      }).pipe(Effect.provide(Folder.layer(folder)))
    })))
})

describe("the bucket", () => {
  const withServer = <A, E>(
    use: (server: TestObjectServer.TestObjectServer) => Effect.Effect<A, E, MediaStore>,
    change: Partial<S3.Settings> = {}
  ) =>
    Effect.scoped(Effect.flatMap(TestObjectServer.make(access), (server) =>
      use(server).pipe(Effect.provide(S3.layer({ ...settingsFor(server), ...change })))))

  it.live("is told type and life of each object, and asked again when it is busy", () =>
    withServer((server) =>
      Effect.gen(function*() {
        const store = yield* MediaStore
        server.failNext(2)
        yield* store.put(keyOf(7n), Buffer.from("x"))
        assert.deepStrictEqual(server.objects.get(keyOf(7n))?.headers, {
          "content-type": "image/webp",
          "cache-control": "public, max-age=31536000, immutable"
        })
        server.failNext(3)
        const failure = yield* Effect.flip(store.get(keyOf(7n)))
        assert.strictEqual(failure.operation, "MediaStore.get")
        assert.strictEqual((yield* store.get(keyOf(7n)))!.total, 1)
      })))

  it.live("takes no request whose signature is not right", () =>
    withServer((server) =>
      Effect.gen(function*() {
        const store = yield* MediaStore
        const failure = yield* Effect.flip(store.put(keyOf(7n), Buffer.from("x")))
        assert.match(String(failure.cause), /403.*SignatureDoesNotMatch/)
        assert.strictEqual(server.objects.size, 0)
      }), { secretAccessKey: Redacted.make("another") }))
})
