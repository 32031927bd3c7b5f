/** What is around a status: its thread, its earlier texts, who liked and reposted it. */
import type { PostId } from "@rookery/domain/Ids"
import type { CursorQuery } from "@rookery/store/FollowStore"
import type { Marker, PostEdit } from "@rookery/store/PostStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { optional, personal, type Route, route } from "../http/Route.ts"
import * as Histories from "../read/Histories.ts"
import type { Hydrated } from "../read/Hydration.ts"
import * as Json from "../render/JsonBytes.ts"
import type { Addresses } from "../render/Addresses.ts"
import * as Media from "../render/Media.ts"
import { namesOf } from "../render/Status.ts"
import * as Text from "../render/Text.ts"
import { accountList, addressOf, targetOf, viewerOf } from "./shared.ts"

const ancestorsMax = 100
const descendantsMax = 200
const peopleDefault = 40
const peopleMax = 80

const decodePage = Input.decoder(Schema.Struct(Input.Paging))

const context = (deps: Deps) => route("GET", "/api/v1/statuses/:id/context", optional("read:statuses"), (request) =>
  Effect.gen(function*() {
    const viewer = viewerOf(request)
    const { post } = (yield* targetOf(deps, request)).rendered
    const [above, below] = yield* Effect.all([
      deps.posts.ancestors(post.id, ancestorsMax),
      deps.posts.descendants(post.id, descendantsMax)
    ], { concurrency: 2 })
    const [ancestors, descendants] = yield* Effect.all([above, below].map((ids) =>
      Effect.flatMap(deps.reader.visible(viewer, ids), (items) => deps.reader.present(viewer, items))), { concurrency: 2 })
    return Answer.bytes(Buffer.concat([
      Buffer.from("{\"ancestors\":"),
      ancestors!,
      Buffer.from(",\"descendants\":"),
      descendants!,
      Buffer.from("}")
    ]))
  }))

const editEntity = (edit: PostEdit, account: unknown, names: Text.Names, addresses: Addresses) => ({
  content: Text.toHtml(edit.text, names),
  spoiler_text: edit.spoiler,
  sensitive: edit.sensitive,
  created_at: new Date(edit.at).toISOString(),
  account,
  poll: null,
  quote: null,
  media_attachments: edit.media.map((media) => Media.entity(media, addresses)),
  emojis: []
})

const history = (deps: Deps) => route("GET", "/api/v1/statuses/:id/history", optional("read:statuses"), (request) =>
  Effect.gen(function*() {
    const { author, rendered }: Hydrated = yield* targetOf(deps, request)
    const account = JSON.parse(Json.textOf(author.json))
    const edits = yield* Histories.of(deps, rendered.post)
    const names = namesOf(rendered.post, deps.settings.publicUrl)
    return Answer.json(edits.map((edit) => editEntity(edit, account, names, deps.settings)))
  }))

const source = (deps: Deps) => personal("GET", "/api/v1/statuses/:id/source", "read:statuses", (request) =>
  Effect.map(targetOf(deps, request), ({ rendered: { post } }) =>
    Answer.json({ id: String(post.id), text: post.text, spoiler_text: post.spoiler })))

type People = (id: PostId, query: CursorQuery) => Effect.Effect<ReadonlyArray<Marker>, StoreError>

const people = (deps: Deps, name: string, read: People) =>
  route("GET", `/api/v1/statuses/:id/${name}`, optional("read:statuses"), (request) =>
    Effect.gen(function*() {
      const { post } = (yield* targetOf(deps, request)).rendered
      const query = Input.cursorQuery(yield* decodePage(request.fields), peopleDefault, peopleMax)
      const markers = yield* read(post.id, query)
      const list = yield* accountList(deps, markers.map((marker) => marker.id), viewerOf(request))
      return { ...Answer.json(list), link: Links.page(addressOf(deps, request), request.rawQuery, Links.cursorsOf(markers)) }
    }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  context(deps),
  history(deps),
  source(deps),
  people(deps, "favourited_by", deps.posts.likedBy),
  people(deps, "reblogged_by", deps.posts.repostedBy)
]
