/** Pictures over HTTP: sent, checked, served, described and thrown away. */
import { assert, describe, it } from "@effect/vitest"
import { sweepMedia } from "@rookery/store/mediaSweep"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { connect } from "node:net"
import sharp from "sharp"
import { problems } from "./contract.ts"
import { eventually, withFront } from "./frontWorld.ts"
import { added, brightnessAt, bytesOf, drawn, fetched, halved, metadataOf, send, upload } from "./pictures.ts"

describe("a picture that is sent", () => {
  it.live("is turned upright, scaled down, and keeps nothing but its pixels; anybody may then have it, for ever", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const photo = halved(4_400, 2_000).withExif({ IFD0: { Copyright: "Ann" }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "51/1 30/1 0/1" } })
        const sent = yield* bytesOf(photo.withMetadata({ orientation: 6 }).jpeg())
        const before = yield* metadataOf(sent)
        assert.deepStrictEqual([before.orientation, before.exif !== undefined, sent.includes("Ann")], [6, true, true])
        const { body: media, status } = yield* upload(client, ann, sent, { description: " A view ", focus: "0.5,-2" })
        assert.deepStrictEqual([status, problems("MediaAttachment", media)], [200, []])
        assert.deepInclude(media, { type: "image", description: "A view", remote_url: null })
        assert.deepStrictEqual(media.meta.focus, { x: 0.5, y: -1 })
        assert.deepInclude(media.meta.original, { width: 1_941, height: 4_271 })
        assert.isAtMost(media.meta.small.width * media.meta.small.height, 640 * 360)
        assert.match(media.url, /^https:\/\/rookery\.example\/media\/[0-9a-f]{2}\/\d+-[0-9a-f]{32}-original\.jpg$/)
        for (const [url, size] of [[media.url, media.meta.original], [media.preview_url, media.meta.small]]) {
          const { bytes, headers, status } = yield* fetched(client, url)
          assert.strictEqual(status, 200)
          const seen = yield* metadataOf(bytes)
          const middle = Math.floor(size.width / 2)
          assert.isBelow(yield* brightnessAt(bytes, middle, 10), 20)
          assert.isAbove(yield* brightnessAt(bytes, middle, size.height - 10), 235)
          assert.deepInclude(seen, { format: "jpeg", width: size.width, height: size.height })
          assert.deepStrictEqual([seen.exif, seen.orientation, seen.icc, bytes.includes("Ann")], [undefined, undefined, undefined, false])
          assert.deepInclude(Object.fromEntries(headers), {
            "content-type": "image/jpeg",
            "content-length": String(bytes.length),
            "cache-control": "public, max-age=31536000, immutable",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox"
          })
        }
      })))

  it.live("may be of any type that is decoded, whatever it is called; what moves goes on moving", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const frames = Buffer.concat([0, 80, 160].map((grey) => Buffer.alloc(40 * 30 * 3, grey)))
        const animation = sharp(frames, { raw: { width: 40, height: 90, channels: 3, pageHeight: 30 } }).gif({ delay: [100, 100, 100] })
        const kinds = [
          ["png", drawn(50, 30, 4).png(), "webp"],
          ["webp", drawn(50, 30).webp(), "webp"],
          ["avif", drawn(50, 30).avif({ effort: 0 }), "jpeg"],
          ["jpeg", drawn(50, 30).jpeg(), "jpeg"],
          ["gif", drawn(40, 90).gif(), "webp"]
        ] as const
        for (const [name, picture, format] of kinds) {
          const { body, status } = yield* upload(client, ann, yield* bytesOf(picture), {}, { filename: "x.html", type: "text/html" })
          assert.strictEqual(status, 200, name)
          assert.strictEqual((yield* metadataOf((yield* fetched(client, body.url)).bytes)).format, format, name)
        }
        const { body } = yield* upload(client, ann, yield* bytesOf(animation))
        assert.deepInclude(body.meta.original, { width: 40, height: 30 })
        assert.strictEqual((yield* metadataOf((yield* fetched(client, body.url)).bytes)).pages, 3)
        assert.isUndefined((yield* metadataOf((yield* fetched(client, body.preview_url)).bytes)).pages)
      })))

  it.live("is refused when it is no picture, too many pixels, or too many bytes, and leaves nothing behind", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const jpeg = yield* bytesOf(drawn(400, 300).jpeg())
        const svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><script>alert(1)</script></svg>"
        const wrong: ReadonlyArray<readonly [string, Uint8Array]> = [
          ["svg", Buffer.from(svg)],
          ["html", Buffer.from("<!doctype html><script>alert(1)</script>")],
          ["exe", Buffer.concat([Buffer.from("MZ"), Buffer.alloc(500, 7)])],
          ["tiff", yield* bytesOf(drawn(20, 20).tiff())],
          ["half a jpeg", jpeg.subarray(0, jpeg.length / 2)],
          ["only a head", jpeg.subarray(0, 3)],
          ["bomb", yield* bytesOf(drawn(1_200, 1_200).png())],
          ["nothing", new Uint8Array()]
        ]
        for (const [name, bytes] of wrong) {
          const { body, status } = yield* upload(client, ann, bytes, {}, { filename: "cat.jpg", type: "image/jpeg" })
          assert.deepStrictEqual([status, problems("Error", body)], [422, []], name)
          assert.match(body.error, /^Validation failed: File/, name)
        }
        const large = yield* upload(client, ann, Buffer.alloc(200_000, 1))
        assert.deepStrictEqual([large.status, large.body], [413, { error: "The file is too large" }])
        const none = yield* client.call("POST", "/api/v1/media", { token: ann.token, json: { file: "x" } })
        assert.strictEqual(none.status, 422)
        const [left] = yield* (yield* SqlClient.SqlClient)<{ n: bigint }>`SELECT count(*) AS n FROM media`
        assert.strictEqual(left!.n, 0n)
      }), { limits: { uploadBytesMax: 100_000, picturePixelsMax: 1_000_000 } }))

  it.live("needs a person with the scope, who is asked for before the file is", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const bytes = yield* bytesOf(drawn(20, 20).png())
        const file = [{ name: "file", bytes }]
        assert.strictEqual((yield* send(client, "POST", "/api/v2/media", undefined, file)).status, 401)
        assert.strictEqual((yield* send(client, "POST", "/api/v2/media", undefined, file, { access_token: "x" })).status, 401)
        assert.strictEqual((yield* send(client, "POST", "/api/v2/media", yield* client.appToken(), file)).status, 422)
        const ann = yield* client.signUp("ann")
        const byQuery = yield* send(client, "POST", `/api/v1/media?access_token=${ann.token}`, undefined, file)
        assert.strictEqual(byQuery.status, 200)
      })))

  it.live("is refused with a time to come back when too many are under way, and malformed bodies do no harm", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const bytes = yield* bytesOf(drawn(300, 300).png({ compressionLevel: 0 }))
        const busy = yield* upload(client, ann, bytes)
        assert.deepStrictEqual([busy.status, busy.headers.get("retry-after")], [503, "5"])
        const headers = { "content-type": "multipart/form-data; boundary=x" }
        const raws = ["", "--x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc", "garbage", "--x--"]
        for (const raw of raws) {
          const { status } = yield* client.call("POST", "/api/v2/media", { token: ann.token, raw, headers })
          assert.include([400, 422], status, raw)
        }
        const noBoundary = yield* client.call("POST", "/api/v2/media", { token: ann.token, raw: "x", headers: { "content-type": "multipart/form-data; x" } })
        assert.strictEqual(noBoundary.status, 400)
        assert.strictEqual((yield* upload(client, ann, yield* bytesOf(drawn(20, 20).png()))).status, 200)
      }), { limits: { uploadsBufferedMax: 50_000 } }))

  it.live("whose sender goes away half-way gives its place in memory back", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const { hostname, port } = new URL(client.base)
        const head = `POST /api/v2/media HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ann.token}\r\ncontent-length: 90000\r\n` +
          "content-type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
        for (let i = 0; i < 4; i++) {
          const socket = connect(Number(port), hostname)
          yield* Effect.promise(() => new Promise<void>((resolve) => void socket.write(head + "y".repeat(20_000), () => resolve())))
          socket.destroy()
        }
        const small = yield* bytesOf(drawn(60, 60).png({ compressionLevel: 0 }))
        const reply = yield* eventually(upload(client, ann, small), ({ status }) => status === 200)
        assert.strictEqual(reply.status, 200)
      }), { limits: { uploadsBufferedMax: 70_000 } }))
})

describe("a picture that is stored", () => {
  it.live("is asked for in parts, known by its tag, and by no other name than its own", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const { url } = yield* added(client, ann)
        const whole = yield* fetched(client, url)
        const tag = whole.headers.get("etag")!
        const part = yield* fetched(client, url, { range: "bytes=2-9" })
        assert.deepStrictEqual([part.status, part.headers.get("content-range")], [206, `bytes 2-9/${whole.bytes.length}`])
        assert.deepStrictEqual(part.bytes, whole.bytes.subarray(2, 10))
        for (const range of ["bytes=-5", "bytes=9-2", "lines=1-2", "bytes=999999999-"]) {
          assert.deepStrictEqual((yield* fetched(client, url, { range })).status, 200, range)
        }
        assert.deepStrictEqual((yield* fetched(client, url, { "if-none-match": `W/"x", ${tag}` })).status, 304)
        const head = yield* fetched(client, url, {}, "HEAD")
        assert.deepStrictEqual([head.status, head.bytes.length, head.headers.get("content-length")], [200, 0, String(whole.bytes.length)])
        const { pathname } = new URL(url)
        const others = [
          pathname.replace("original", "avatar"),
          pathname.replace(/.$/, "x"),
          pathname.replace(/-[0-9a-f]{32}-/, `-${"0".repeat(32)}-`),
          "/media/..%2f..%2fetc/passwd",
          "/media/%2e%2e/%2e%2e%2fpasswd",
          "/media/ab/..%00",
          `${pathname}.part`,
          "/media",
          "/media/ab"
        ]
        for (const path of others) {
          const reply = yield* client.call("GET", path)
          assert.deepStrictEqual([reply.status, reply.headers.get("cache-control")], [404, "private, no-store"], path)
        }
      })))

  it.live("is looked at, described and thrown away by its owner alone, until it is posted", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const media = yield* added(client, ann)
        const path = `/api/v1/media/${media.id}`
        assert.deepStrictEqual(yield* client.ok("GET", path, { token: ann.token }), media)
        for (const method of ["GET", "PUT", "DELETE"]) {
          assert.strictEqual((yield* client.call(method, path, { token: bob.token })).status, 404, method)
          assert.strictEqual((yield* client.call(method, path)).status, 401, method)
          assert.strictEqual((yield* client.call(method, "/api/v1/media/x", { token: ann.token })).status, 404, method)
        }
        const told = yield* client.ok("PUT", path, { token: ann.token, json: { description: "a\u0000b", focus: "0,1" } })
        assert.deepStrictEqual([told.description, told.meta.focus, problems("MediaAttachment", told)], ["ab", { x: 0, y: 1 }, []])
        const kept = yield* client.ok("PUT", path, { token: ann.token, multipart: { focus: "" } })
        assert.deepStrictEqual([kept.description, kept.meta.focus], ["ab", undefined])
        for (const json of [{ description: "x".repeat(1_501) }, { focus: "1" }, { focus: "a,b" }]) {
          assert.strictEqual((yield* client.call("PUT", path, { token: ann.token, json })).status, 422)
        }
        const post = yield* client.post(ann, "", { media_ids: [media.id] })
        assert.strictEqual(post.media_attachments[0].description, "ab")
        assert.strictEqual((yield* client.call("GET", path, { token: ann.token })).status, 404)
        assert.strictEqual((yield* client.call("PUT", path, { token: ann.token, json: { description: "x" } })).status, 404)
        assert.strictEqual((yield* client.call("DELETE", path, { token: ann.token })).status, 422)
        const other = yield* added(client, ann)
        assert.deepStrictEqual(yield* client.ok("DELETE", `/api/v1/media/${other.id}`, { token: ann.token }), {})
        yield* sweepMedia
        assert.strictEqual((yield* fetched(client, other.url)).status, 404)
        assert.strictEqual((yield* client.call("GET", `/api/v1/media/${other.id}`, { token: ann.token })).status, 404)
      })))
})
