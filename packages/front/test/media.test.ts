/** Pictures over HTTP: sent, checked, posted, served, described and thrown away. */
import { assert, describe, it } from "@effect/vitest"
import { sweepMedia } from "@rookery/store/mediaSweep"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { connect } from "node:net"
import sharp from "sharp"
import { problems } from "./contract.ts"
import { eventually, withFront } from "./frontWorld.ts"
import { added, brightnessAt, bytesOf, drawn, fetched, halved, metadataOf, send, upload } from "./pictures.ts"

const ids = (list: ReadonlyArray<{ readonly id: string }>) => list.map((one) => one.id)

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

describe("a status with pictures", () => {
  it.live("shows them in order wherever it is shown, also without text", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        yield* client.ok("POST", `/api/v1/accounts/${ann.id}/follow`, { token: bob.token })
        const [a, b] = [yield* added(client, ann, { description: "a" }), yield* added(client, ann)]
        const post = yield* client.post(ann, "", { media_ids: [b.id, a.id], spoiler_text: "look" })
        assert.deepStrictEqual([problems("Status", post), post.spoiler_text, post.sensitive], [[], "look", true])
        assert.deepStrictEqual(post.media_attachments, [b, a])
        const plain = yield* client.post(ann, "no picture")
        const wrapper = yield* client.ok("POST", `/api/v1/statuses/${post.id}/reblog`, { token: bob.token })
        assert.deepStrictEqual([wrapper.media_attachments, wrapper.reblog.media_attachments], [[], [b, a]])
        const inHome = client.ok("GET", "/api/v1/timelines/home", { token: bob.token })
        yield* eventually(inHome, (list) => ids(list).includes(post.id) && ids(list).includes(plain.id))
        const lists = [
          "/api/v1/timelines/home",
          "/api/v1/timelines/public",
          `/api/v1/accounts/${ann.id}/statuses`,
          `/api/v1/statuses?id[]=${post.id}`,
          `/api/x/posts?ids=${post.id}`
        ]
        for (const path of lists) {
          const list = yield* client.ok("GET", path, { token: bob.token })
          assert.deepStrictEqual(list.find((one: { id: string }) => one.id === post.id)?.media_attachments, [b, a], path)
        }
        for (const path of [`/api/v1/accounts/${ann.id}/statuses?only_media=1`, "/api/v1/timelines/public?only_media=true"]) {
          assert.deepStrictEqual(ids(yield* client.ok("GET", path)), [post.id], path)
        }
        const form = yield* added(client, ann)
        const byForm = yield* client.ok("POST", "/api/v1/statuses", { token: ann.token, form: { status: "x", "media_ids[]": form.id } })
        assert.deepStrictEqual(ids(byForm.media_attachments), [form.id])
      })))

  it.live("is refused with another's pictures, unknown ones, those of a post, and more than four", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const [mine, his] = [yield* added(client, ann), yield* added(client, bob)]
        const attempt = (media_ids: ReadonlyArray<string>) =>
          client.call("POST", "/api/v1/statuses", { token: ann.token, json: { status: "x", media_ids } })
        for (const wrong of [[his.id], [mine.id, "7"], ["x"], ["1", "2", "3", "4", "5"]]) {
          const { body, status } = yield* attempt(wrong)
          assert.deepStrictEqual([status, problems("Error", body)], [422, []], String(wrong))
        }
        const headers = { "idempotency-key": "once" }
        const json = { status: "x", media_ids: [mine.id] }
        const first = yield* client.ok("POST", "/api/v1/statuses", { token: ann.token, json, headers })
        const again = yield* client.ok("POST", "/api/v1/statuses", { token: ann.token, json, headers })
        assert.deepStrictEqual([again.id, ids(again.media_attachments)], [first.id, [mine.id]])
        assert.strictEqual((yield* attempt([mine.id])).status, 422)
        assert.strictEqual((yield* client.call("POST", "/api/v1/statuses", { token: ann.token, json: { media_ids: [] } })).status, 422)
      })))

  it.live("is edited with others and other words for them, and its history shows those before", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const [a, b, his] = [yield* added(client, ann), yield* added(client, ann), yield* added(client, bob)]
        const post = yield* client.post(ann, "x", { media_ids: [a.id] })
        const path = `/api/v1/statuses/${post.id}`
        const edit = (json: object) => client.call("PUT", path, { token: ann.token, json })
        assert.deepStrictEqual(ids((yield* edit({ status: "y" })).body.media_attachments), [a.id])
        const told = yield* edit({ status: "y", media_attributes: [{ id: a.id, description: "new", focus: "1,1" }] })
        assert.deepInclude(told.body.media_attachments[0], { id: a.id, description: "new" })
        assert.isNotNull(told.body.edited_at)
        const both = yield* edit({ status: "", media_ids: [b.id, a.id] })
        assert.deepStrictEqual([problems("Status", both.body), ids(both.body.media_attachments), both.body.content], [[], [b.id, a.id], ""])
        assert.strictEqual((yield* edit({ status: "z", media_ids: [his.id] })).status, 422)
        assert.strictEqual((yield* edit({ status: "", media_ids: [] })).status, 422)
        assert.deepStrictEqual((yield* edit({ status: "z", media_ids: [] })).body.media_attachments, [])
        assert.deepStrictEqual((yield* client.ok("GET", path)).media_attachments, [])
        const history = yield* client.ok("GET", `${path}/history`)
        for (const one of history) assert.deepStrictEqual(problems("StatusEdit", one), [])
        assert.deepStrictEqual(
          history.map((one: { media_attachments: ReadonlyArray<{ id: string; description: string | null }> }) =>
            one.media_attachments.map(({ description, id }) => [id, description])),
          [[[a.id, null]], [[a.id, null]], [[a.id, "new"]], [[b.id, null], [a.id, "new"]], []]
        )
      })))

  it.live("gives them back when it is deleted, for another; or they go at once", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const media = yield* added(client, ann)
        const post = yield* client.post(ann, "", { media_ids: [media.id] })
        const deleted = yield* client.ok("DELETE", `/api/v1/statuses/${post.id}`, { token: ann.token })
        assert.deepStrictEqual([deleted.text, deleted.media_attachments], ["", [media]])
        assert.strictEqual(yield* sweepMedia, 0)
        const anew = yield* client.post(ann, "better", { media_ids: ids(deleted.media_attachments) })
        assert.deepStrictEqual(anew.media_attachments, [media])
        yield* client.ok("DELETE", `/api/v1/statuses/${anew.id}?delete_media=true`, { token: ann.token })
        assert.strictEqual((yield* fetched(client, media.url)).status, 200)
        assert.strictEqual(yield* sweepMedia, 1)
        for (const url of [media.url, media.preview_url]) assert.strictEqual((yield* fetched(client, url)).status, 404)
      })))
})

describe("pictures of a profile", () => {
  it.live("are cut to their shapes, shown with every status, and taken away again", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const post = yield* client.post(ann, "x")
        const missing = post.account.avatar
        const files = [
          { name: "avatar", bytes: yield* bytesOf(drawn(900, 300).png()), filename: "../../a.php" },
          { name: "header", bytes: yield* bytesOf(drawn(300, 300).jpeg()) },
          { name: "other", bytes: Buffer.alloc(1_000) }
        ]
        const told = yield* send(client, "PATCH", "/api/v1/accounts/update_credentials", ann.token, files, { display_name: "Ann", "source[language]": "de" })
        assert.deepStrictEqual([told.status, problems("CredentialAccount", told.body)], [200, []])
        assert.deepStrictEqual([told.body.display_name, told.body.source.language, told.body.avatar_static], ["Ann", "de", told.body.avatar])
        for (const [url, width, height] of [[told.body.avatar, 400, 400], [told.body.header, 1_500, 500]]) {
          assert.deepInclude(yield* metadataOf((yield* fetched(client, url)).bytes), { format: "webp", width, height })
        }
        assert.strictEqual((yield* client.ok("GET", `/api/v1/statuses/${post.id}`)).account.avatar, told.body.avatar)
        const profile = yield* client.ok("GET", "/api/v1/profile", { token: ann.token })
        assert.deepStrictEqual([problems("Profile", profile), profile.header], [[], told.body.header])
        const refused = yield* send(client, "PATCH", "/api/v1/profile", ann.token, [{ name: "avatar", bytes: Buffer.from("no") }], { note: "n" })
        assert.strictEqual(refused.status, 422)
        const unchanged = yield* client.ok("PATCH", "/api/v1/profile", { token: ann.token, multipart: { display_name: "A" } })
        assert.deepStrictEqual([unchanged.avatar, unchanged.note, unchanged.display_name], [told.body.avatar, "", "A"])
        const without = yield* client.ok("DELETE", "/api/v1/profile/avatar", { token: ann.token })
        assert.deepStrictEqual([problems("CredentialAccount", without), without.avatar, without.header], [[], missing, told.body.header])
        yield* client.ok("DELETE", "/api/v1/profile/header", { token: ann.token })
        yield* client.ok("DELETE", "/api/v1/profile/header", { token: ann.token })
        assert.deepInclude(yield* client.ok("GET", "/api/v1/profile", { token: ann.token }), { avatar: null, header: null })
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE media SET expires_at = now() WHERE expires_at IS NOT NULL`
        assert.strictEqual(yield* sweepMedia, 2)
        assert.strictEqual((yield* fetched(client, told.body.avatar)).status, 404)
      })))
})

describe("the server", () => {
  it.live("says what it takes, and where a CDN has it", () =>
    withFront((client) =>
      Effect.gen(function*() {
        for (const [path, entity] of [["/api/v1/instance", "V1Instance"], ["/api/v2/instance", "Instance"]] as const) {
          const instance = yield* client.ok("GET", path)
          assert.deepStrictEqual(problems(entity, instance), [])
          assert.strictEqual(instance.configuration.statuses.max_media_attachments, 4)
          assert.deepInclude(instance.configuration.media_attachments, { image_size_limit: 5_000_000, description_limit: 1_500, video_size_limit: 0 })
          assert.include(instance.configuration.media_attachments.supported_mime_types, "image/png")
        }
        const media = yield* added(client, yield* client.signUp("ann"))
        assert.match(media.url, /^https:\/\/cdn\.example\/m\/[0-9a-f]{2}\//)
        assert.strictEqual((yield* fetched(client, media.url.replace("https://cdn.example/m", "https://rookery.example/media"))).status, 200)
      }), { limits: { uploadBytesMax: 5_000_000 }, settings: { mediaUrl: "https://cdn.example/m" } }))
})
