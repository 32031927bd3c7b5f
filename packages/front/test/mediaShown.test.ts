/** Pictures where they are shown: in statuses and profiles; and what the server says of them. */
import { assert, describe, it } from "@effect/vitest"
import { sweepMedia } from "@rookery/store/mediaSweep"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { problems } from "./contract.ts"
import { eventually, withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"
import { added, bytesOf, drawn, fetched, metadataOf, send } from "./pictures.ts"

const ids = (list: ReadonlyArray<{ readonly id: string }>) => list.map((one) => one.id)

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
        assert.strictEqual((yield* fetched(client, media.url)).status, 404)
        assert.strictEqual(yield* sweepMedia, 1)
        for (const url of [media.url, media.preview_url]) assert.strictEqual((yield* fetched(client, url)).status, 404)
      })))
})

/** Lets so many minutes pass for pictures that nothing shows. */
const passMinutes = (minutes: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`UPDATE media SET expires_at = expires_at - ${minutes}::int * interval '1 minute' WHERE expires_at IS NOT NULL`)

describe("a picture of a post that was deleted", () => {
  it.live("is served for a few minutes more, and again once another post shows it", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const ann = yield* client.signUp("ann")
        const [a, b, unposted] = [yield* added(client, ann), yield* added(client, ann), yield* added(client, ann)]
        const post = yield* client.post(ann, "", { media_ids: ids([a, b]) })
        yield* client.ok("DELETE", `/api/v1/statuses/${post.id}`, { token: ann.token })
        assert.strictEqual((yield* fetched(client, a.url)).status, 200)
        yield* passMinutes(11)
        assert.strictEqual((yield* fetched(client, b.url)).status, 404)
        assert.strictEqual((yield* fetched(client, unposted.url)).status, 200)
        yield* client.post(ann, "anew", { media_ids: [b.id] })
        yield* eventually(fetched(client, b.url), ({ status }) => status === 200)
      })))
})

describe("pictures of a suspended person", () => {
  it.live("are served to nobody while it lasts, not to who has a copy either, and again afterwards", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* client.signUp("ann"), yield* client.signUp("bob")]
        const moderator = yield* Moderators.make(client)
        const avatar = { name: "avatar", bytes: yield* bytesOf(drawn(40, 40).png()) }
        const profile = yield* send(client, "PATCH", "/api/v1/accounts/update_credentials", ann.token, [avatar])
        const [media, others] = [yield* added(client, ann), yield* added(client, bob)]
        yield* client.post(ann, "look", { media_ids: [media.id] })
        const addresses: ReadonlyArray<string> = [media.url, media.preview_url, profile.body.avatar]
        const answered = (status: number) =>
          Effect.forEach(addresses, (url) => eventually(fetched(client, url), (reply) => reply.status === status))
        const copies = yield* answered(200)
        yield* moderator.suspend(ann)
        const refused = yield* answered(404)
        for (const { headers } of refused) assert.strictEqual(headers.get("cache-control"), "private, no-store")
        const withCopy = yield* fetched(client, media.url, { "if-none-match": copies[0]!.headers.get("etag")! })
        assert.strictEqual(withCopy.status, 404)
        assert.strictEqual((yield* fetched(client, others.url)).status, 200)
        yield* moderator.unsuspend(ann)
        assert.deepStrictEqual((yield* answered(200)).map(({ bytes }) => bytes), copies.map(({ bytes }) => bytes))
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
