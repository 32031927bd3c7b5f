/** Who follows whom. */
import { AccountId } from "@rookery/domain/Ids"
import type { AccountPage, CursorQuery, RelationRow } from "@rookery/store/FollowStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { forbidden } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { optional, personal, type Route, route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import { accountList, accountNow, addressOf } from "./shared.ts"

const idsMax = 40
const pageDefault = 40
const pageMost = 80

const decodeIds = Input.decoder(Schema.Struct({ id: Schema.optionalKey(Input.listOf(Input.Id, 1_000)) }))
const decodePage = Input.decoder(Schema.Struct(Input.Paging))

const entity = (id: AccountId, row: RelationRow | undefined) => ({
  id: String(id),
  following: row?.following ?? false,
  showing_reblogs: row?.following ?? false,
  notifying: false,
  languages: null,
  followed_by: row?.followedBy ?? false,
  blocking: false,
  blocked_by: false,
  muting: false,
  muting_notifications: false,
  muting_expires_at: null,
  requested: false,
  requested_by: false,
  domain_blocking: false,
  endorsed: false,
  note: ""
})

const relationsTo = (deps: Deps, me: Account, ids: ReadonlyArray<AccountId>) =>
  Effect.map(deps.follows.relations(me.id, ids), (rows) => {
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => entity(id, byId.get(id)))
  })

const relationships = (deps: Deps) => personal("GET", "/api/v1/accounts/relationships", "read:follows", (request, me) =>
  Effect.gen(function*() {
    const { id } = yield* decodeIds(request.fields)
    const asked = [...new Set(Input.asList<bigint>(id))].slice(0, idsMax).map((one) => AccountId.make(one))
    if (asked.length === 0) return Answer.json([])
    const known = new Set((yield* deps.accounts.byIds(asked)).map((row) => row.id))
    return Answer.json(yield* relationsTo(deps, me, asked.filter((one) => known.has(one))))
  }))

const setFollow = (deps: Deps, following: boolean) =>
  personal("POST", `/api/v1/accounts/:id/${following ? "follow" : "unfollow"}`, "write:follows", (request, me) =>
    Effect.gen(function*() {
      const id = yield* Input.accountId(request.params[0]!)
      if (id === me.id) return yield* Effect.fail(forbidden("This action is not allowed"))
      const other = yield* accountNow(deps, id)
      yield* deps.calls.setFollow(me.id, id, following)
      deps.hydration.dropAccountNo(me.no)
      deps.hydration.dropAccountNo(other.no)
      const [relation] = yield* relationsTo(deps, me, [id])
      return Answer.json(relation)
    }))

type Edges = (account: AccountId, query: CursorQuery) => Effect.Effect<AccountPage, StoreError>

const edges = (deps: Deps, name: "followers" | "following", read: Edges) =>
  route("GET", `/api/v1/accounts/:id/${name}`, optional("read:accounts"), (request) =>
    Effect.gen(function*() {
      const id = yield* Input.accountId(request.params[0]!)
      const { limit, maxId, minId, sinceId } = Input.pageBounds(yield* decodePage(request.fields), pageDefault, pageMost)
      yield* accountNow(deps, id)
      const after = minId > sinceId ? minId : sinceId
      const page = yield* read(id, { before: maxId, after: after > 0n ? after : undefined, limit })
      const list = yield* accountList(deps, page.accounts.map((account) => account.id))
      const first = page.accounts[0]?.cursor
      const last = page.accounts[page.accounts.length - 1]?.cursor
      const cursors = first === undefined || last === undefined ? undefined : { first, last }
      return { ...Answer.json(list), link: Links.page(addressOf(deps, request), request.rawQuery, cursors) }
    }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  relationships(deps),
  setFollow(deps, true),
  setFollow(deps, false),
  edges(deps, "followers", deps.follows.followers),
  edges(deps, "following", deps.follows.following)
]
