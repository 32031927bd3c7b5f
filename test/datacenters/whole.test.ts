/** Two complete datacenters: what one owns is as whole in the other as an own post, for people who follow nobody. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { WebSocket } from "ws"
import * as People from "./people.ts"
import { cut, heal, metric, runnerOf, world } from "./two.ts"

const { at, soon, until } = People

const startMillis = 200_000

const ids = (statuses: ReadonlyArray<People.Status>) => statuses.map((status) => status.id)

const timeline = (reader: People.Person, path: string) => at(reader).api<ReadonlyArray<People.Status>>(`/timelines/${path}`)

const shows = (reader: People.Person, path: string, expected: ReadonlyArray<string>) =>
  until(`${path} shows ${expected.join(", ")}`, timeline(reader, path), (list) => String(ids(list)) === String(expected))

const found = (reader: People.Person, text: string) =>
  Effect.flatMap(People.call(`${reader.frontsUrl}/api/v2/search?type=statuses&q=${encodeURIComponent(text)}`, { token: reader.token }), ({ json, status }) =>
    status === 200 ? Effect.succeed(ids((json as { readonly statuses: ReadonlyArray<People.Status> }).statuses)) : Effect.fail(new Error(`${status}`)))

const finds = (reader: People.Person, text: string, expected: ReadonlyArray<string>) =>
  until(`${text} finds ${expected.join(", ")}`, found(reader, text), (list) => String(list) === String(expected))

interface Version {
  readonly content: string
  readonly media_attachments: ReadonlyArray<People.Picture>
}

const history = (reader: People.Person, id: string) =>
  Effect.map(People.call(`${reader.frontsUrl}/api/v1/statuses/${id}/history`, { token: reader.token }), ({ json, status }) =>
    ({ status, versions: json as ReadonlyArray<Version> }))

const bytesAt = (url: string) =>
  Effect.tryPromise(async () => {
    const response = await fetch(url)
    if (response.status !== 200) throw new Error(`${url}: ${response.status}`)
    return Buffer.from(await response.arrayBuffer())
  })

/** Events of a stream as they come, `update 123`. */
const stream = (reader: People.Person, path: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly socket: WebSocket; readonly events: Array<string> }, Error>((resume) => {
      const socket = new WebSocket(`${reader.frontsUrl.replace("http", "ws")}/api/v1/streaming?${path}`, { headers: { authorization: `Bearer ${reader.token}` } })
      const events: Array<string> = []
      socket.on("message", (data) => {
        const { event, payload }: { event: string; payload: string } = JSON.parse(String(data))
        const id: string = event === "delete" ? payload : JSON.parse(payload).id
        events.push(`${event} ${id}`)
      })
      socket.on("error", (error) => resume(Effect.fail(error)))
      socket.on("open", () => resume(Effect.succeed({ socket, events })))
    }),
    ({ socket }) => Effect.sync(() => socket.terminate())
  )

const hears = (what: string, events: ReadonlyArray<string>, expected: string) =>
  until(`${what} hears ${expected}`, Effect.sync(() => events), (list) => list.includes(expected))

describe("a post of another datacenter", () => {
  it.live("has pictures, tags, earlier texts and words to be found by, as it stands, and nothing when it is gone", () =>
    Effect.scoped(Effect.gen(function*() {
      const datacenters = yield* world
      const [east, west] = [datacenters.datacenter("east"), datacenters.datacenter("west")]
      const ann = yield* soon("sign-up in the east", People.signUp(east.frontsUrl, "ann"))
      const bob = yield* soon("sign-up in the west", People.signUp(west.frontsUrl, "bob"))
      const tagged = yield* stream(bob, "stream=hashtag&tag=rook")
      const open = yield* stream(bob, "stream=public")
      const local = yield* stream(bob, "stream=public:local")

      // Pictures: hers and the post's, through the fronts of the west.
      const { avatar } = yield* People.setAvatar(ann)
      const media = yield* People.upload(ann, "a rook")
      const post = yield* at(ann).post("the #rook over the ocean", { media_ids: [media.id] })
      const near = yield* at(bob).post("the #rook of the west")
      yield* shows(bob, "tag/rook", [near.id, post.id])
      const [, shown] = yield* timeline(bob, "tag/rook")
      assert.deepStrictEqual({ ...shown!.media_attachments[0], url: "", preview_url: "" }, { ...media, url: "", preview_url: "" })
      const { url } = shown!.media_attachments[0]!
      assert.notStrictEqual(new URL(url).origin, new URL(media.url).origin)
      assert.deepStrictEqual(yield* bytesAt(url), yield* bytesAt(media.url))
      const theirs = yield* until("the west knows her picture", at(bob).api<{ readonly avatar: string }>(`/accounts/${ann.id}`), (account) =>
        new URL(account.avatar).pathname === new URL(avatar).pathname)
      assert.deepStrictEqual(yield* bytesAt(theirs.avatar), yield* bytesAt(avatar))

      // Timelines and streams tell what is from here.
      yield* shows(bob, "public", [near.id, post.id])
      yield* shows(bob, "public?local=true", [near.id])
      yield* shows(bob, "public?remote=true", [post.id])
      yield* shows(bob, "tag/rook?local=true", [near.id])
      yield* shows(bob, "public?only_media=true", [post.id])
      yield* hears("the tag", tagged.events, `update ${post.id}`)
      yield* hears("the public timeline", open.events, `update ${post.id}`)
      yield* hears("the local timeline", local.events, `update ${near.id}`)
      assert.notInclude(local.events, `update ${post.id}`)

      // Words are found, of the text that it has.
      yield* finds(bob, "ocean", [post.id])
      yield* at(ann).api(`/statuses/${post.id}`, { method: "PUT", body: { status: "the #crow over the sea", media_ids: [] } })
      yield* finds(bob, "sea", [post.id])
      yield* finds(bob, "ocean", [])
      yield* shows(bob, "tag/crow", [post.id])
      yield* shows(bob, "tag/rook", [near.id])
      const { versions } = yield* history(bob, post.id)
      assert.deepStrictEqual(versions.map(({ content }) => /ocean|sea/.exec(content)?.[0]), ["ocean", "sea"])
      assert.deepStrictEqual(versions.map(({ media_attachments: [picture] }) => picture?.description), ["a rook", undefined])

      // Cut off: what is here is answered, what is not says so.
      yield* cut(datacenters)
      yield* until("the history cannot be had", history(bob, post.id), ({ status }) => status === 503)
      yield* heal(datacenters)
      yield* until("the history is back", history(bob, post.id), ({ status }) => status === 200)

      // An announcement that was lost on the way brings its tags when it is found missing.
      const told = metric(runnerOf(east), 'rookery_gossip_shipped_total{to="all"}')
      yield* west.stopNats
      const before = yield* told
      const lost = yield* at(ann).post("#lost at sea")
      yield* until("the east's stream has it", told, (facts) => facts >= before + 2)
      yield* east.stopNats
      yield* east.wipeNats
      yield* east.startNats
      yield* west.startNats
      yield* shows(bob, "tag/lost", [lost.id])
      yield* finds(bob, "sea", [lost.id, post.id])

      // The end.
      yield* at(ann).remove(post.id)
      yield* shows(bob, "tag/crow", [])
      yield* finds(bob, "sea", [lost.id])
      yield* hears("the public timeline", open.events, `delete ${post.id}`)
      assert.strictEqual((yield* history(bob, post.id)).status, 404)
    })), startMillis)
})
