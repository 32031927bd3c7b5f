/** Search of people, tags and posts. An address of ours leads to what it names. */
import * as PostParts from "@rookery/domain/PostParts"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import type * as Answer from "../http/Answer.ts"
import { unauthorized } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { optional, type Request, type Route, route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "../read/Hydration.ts"
import * as Positions from "../read/Positions.ts"
import type { Tag } from "../render/Tag.ts"
import * as SearchAccounts from "./searchAccounts.ts"
import { statusesPage } from "./searchStatuses.ts"
import { accountList, viewerOf } from "./shared.ts"

const kinds = ["accounts", "hashtags", "statuses"] as const

const decode = Input.decoder(Schema.Struct({
  ...Input.Paging,
  offset: Input.Offsets.offset,
  q: Schema.optionalKey(Input.Text),
  type: Schema.optionalKey(Schema.Literals(["", ...kinds])),
  resolve: Schema.optionalKey(Input.Flag),
  following: Schema.optionalKey(Input.Flag),
  exclude_unreviewed: Schema.optionalKey(Input.Flag),
  account_id: Input.MaybeId
}))

type Asked = Effect.Success<ReturnType<typeof decode>>

interface Found {
  readonly accounts: ReadonlyArray<unknown>
  readonly hashtags: ReadonlyArray<Tag>
  readonly statuses: ReadonlyArray<Hydrated>
  readonly link?: string | undefined
}

const nothing: Found = { accounts: [], hashtags: [], statuses: [] }

/** What an address of ours names. */
const places = [
  /^\/(?:@|users\/)(?<name>[^/]+)$/,
  /^\/(?:@(?<name>[^/]+)|users\/(?<user>[^/]+)\/statuses)\/(?<id>[0-9]{1,19})$/,
  /^\/tags\/(?<tag>[^/]+)$/
]

const isOurs = (deps: Deps, text: string): boolean => URL.canParse(text) && text.startsWith(`${deps.settings.publicUrl}/`)

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return ""
  }
}

const statusNamed = (deps: Deps, viewer: Account | undefined, id: bigint, name: string) =>
  Effect.map(deps.reader.visible(viewer, [id], "named"), (items) =>
    items.filter((item) => item.author.row.username.toLowerCase() === name.toLowerCase()))

const atAddress = (deps: Deps, viewer: Account | undefined, address: string) =>
  Effect.gen(function*() {
    const path = new URL(address).pathname.replace(/\/$/, "")
    const { id, name, tag, user } = places.map((place) => place.exec(path)?.groups).find((groups) => groups !== undefined) ?? {}
    const post = Snowflake.parse(id ?? "")
    if (post !== undefined) return { ...nothing, statuses: yield* statusNamed(deps, viewer, post, decoded(name ?? user ?? "")) }
    if (tag !== undefined) return { ...nothing, hashtags: yield* deps.discovery.tagEntities(PostParts.tagsOf(`#${decoded(tag)}`).slice(0, 1)) }
    const account = name === undefined ? undefined : yield* deps.accounts.byUsername(decoded(name))
    return account === undefined ? nothing : { ...nothing, accounts: yield* accountList(deps, [account.id], viewer) }
  })

/** What of a question can be part of a tag, as its beginning. */
const prefixOf = (text: string): string =>
  text.includes("@") ? "" : PostParts.tagKey(text).replaceAll(/[^\p{L}\p{M}\p{N}_\u00b7\u30fb\u200c]/gu, "").slice(0, 100)

const makeFind = (deps: Deps, request: Request, asked: Asked, text: string, positions: Positions.Positions) => {
  const viewer = viewerOf(request)
  const wants = (kind: typeof kinds[number]): boolean => asked.type === undefined || asked.type === "" || asked.type === kind
  const { limit, maxId, minId } = Input.pageBounds(asked)
  // Without a type it would say nothing of which list it is.
  const offset = asked.type === undefined || asked.type === "" ? 0 : Input.offsetBounds(asked, limit, limit).offset
  return Effect.gen(function*() {
    const accounts = wants("accounts") && !text.startsWith("#")
      ? yield* SearchAccounts.namesPage(deps, viewer, { text, following: asked.following === true && viewer !== undefined, limit, offset })
      : []
    const names = wants("hashtags") ? (yield* deps.discovery.tags(prefixOf(text))).slice(offset, offset + limit) : []
    const posts = wants("statuses") && viewer !== undefined
      ? yield* statusesPage(deps, positions, request, viewer, { text, author: Input.idOf(asked.account_id), maxId, minId, limit, offset })
      : { items: [], link: undefined }
    const found: Found = { accounts, hashtags: yield* deps.discovery.tagEntities(names), statuses: posts.items, link: posts.link }
    return found
  })
}

/** As in Mastodon: the first page is for everybody, what is dear is not. */
const mayAsk = (viewer: Account | undefined, asked: Asked) => {
  if (viewer !== undefined) return Effect.void
  if (Number(asked.offset ?? 0) > 0) return Effect.fail(unauthorized("Search queries pagination is not supported without authentication"))
  return asked.resolve === true
    ? Effect.fail(unauthorized("Search queries that resolve remote resources are not supported without authentication"))
    : Effect.void
}

const answer = (deps: Deps, viewer: Account | undefined, { accounts, hashtags, link, statuses }: Found) =>
  Effect.map(deps.reader.present(viewer, statuses), (bytes): Answer.Answer => ({
    status: 200,
    body: `${JSON.stringify({ accounts, hashtags }).slice(0, -1)},"statuses":${bytes.toString("utf8")}}`,
    link
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const positions = Positions.make(() => performance.now())
  return [
    ...SearchAccounts.routes(deps),
    route("GET", "/api/v2/search", optional("read:search"), (request) =>
      Effect.gen(function*() {
        const asked = yield* decode(request.fields)
        const viewer = viewerOf(request)
        yield* mayAsk(viewer, asked)
        const text = (asked.q ?? "").trim().slice(0, SearchAccounts.questionMax)
        const find = isOurs(deps, text) ? atAddress(deps, viewer, text) : makeFind(deps, request, asked, text, positions)
        return yield* answer(deps, viewer, text === "" ? nothing : yield* find)
      }))
  ]
}
