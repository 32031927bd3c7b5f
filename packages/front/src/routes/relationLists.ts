/** Lists of people: followers and followees, those blocked, muted, endorsed, and those who ask to follow. */
import { AccountId } from "@rookery/domain/Ids"
import type { AccountPage, CursorQuery } from "@rookery/store/FollowStore"
import type { RelationList } from "@rookery/store/RelationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { optional, personal, type Request, type Route, route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import { relationAnswer } from "./relationships.ts"
import { accountList, addressOf, anyAccount, viewerOf } from "./shared.ts"

const pageDefault = 40
const pageMost = 80

const decodePage = Input.decoder(Schema.Struct(Input.Paging))

type Read = (account: AccountId, query: CursorQuery) => Effect.Effect<AccountPage, StoreError>

/** One page of a list; who is left out of it leaves the cursors as they are. */
const pageOf = (deps: Deps, request: Request, account: AccountId, read: Read) =>
  Effect.gen(function*() {
    const { limit, maxId, minId, sinceId } = Input.pageBounds(yield* decodePage(request.fields), pageDefault, pageMost)
    const after = minId > sinceId ? minId : sinceId
    const { accounts } = yield* read(account, { before: maxId, after: after > 0n ? after : undefined, limit })
    const first = accounts[0]?.cursor
    const last = accounts[accounts.length - 1]?.cursor
    const cursors = first === undefined || last === undefined ? undefined : { first, last }
    return { ids: accounts.map((row) => row.id), link: Links.page(addressOf(deps, request), request.rawQuery, cursors) }
  })

const noPage = { ids: [], link: undefined }

/** A list of somebody's; to those with a block between them and its owner it is empty, and so is a suspended owner's to all. */
const listOf = (deps: Deps, name: string, read: Read) =>
  route("GET", `/api/v1/accounts/:id/${name}`, optional("read:accounts"), (request) =>
    Effect.gen(function*() {
      const owner = yield* anyAccount(deps, yield* Input.accountId(request.params[0]!))
      const viewer = viewerOf(request)
      const { ids, link } = owner.disabledAt !== null || (yield* isBarred(deps, viewer, owner.id)) ? noPage : yield* pageOf(deps, request, owner.id, read)
      // One's own lists are whole.
      const list = yield* accountList(deps, ids, viewer?.id === owner.id ? undefined : viewer)
      return { ...Answer.json(list), link }
    }))

const isBarred = (deps: Deps, viewer: Account | undefined, owner: AccountId) =>
  viewer === undefined || viewer.id === owner
    ? Effect.succeed(false)
    : Effect.map(deps.relations.between(viewer.id, [owner]), ([row]) => row !== undefined && (row.blocking || row.blockedBy))

/** A list of the caller's own. */
const ownList = (deps: Deps, list: RelationList, scope: string) =>
  personal("GET", `/api/v1/${list}`, scope, (request, me) =>
    Effect.gen(function*() {
      const { ids, link } = yield* pageOf(deps, request, me.id, (account, query) => deps.relations.list(list, account, query))
      const accounts = yield* accountList(deps, ids)
      return { ...Answer.json(list === "mutes" ? yield* withExpiry(deps, me, accounts) : accounts), link }
    }))

/** Muted accounts say until when. */
const withExpiry = <A extends { readonly id: string }>(deps: Deps, me: Account, accounts: ReadonlyArray<A>) =>
  Effect.map(deps.relations.between(me.id, accounts.map((account) => AccountId.make(BigInt(account.id)))), (rows) => {
    const until = new Map(rows.map((row) => [String(row.id), row.mutingUntil]))
    return accounts.map((account) => {
      const millis = until.get(account.id) ?? null
      return { ...account, mute_expires_at: millis === null ? null : new Date(millis).toISOString() }
    })
  })

const answerRequest = (deps: Deps, name: "authorize" | "reject") =>
  personal("POST", `/api/v1/follow_requests/:id/${name}`, "write:follows", (request, me) =>
    Effect.gen(function*() {
      const follower = yield* Input.accountId(request.params[0]!)
      yield* deps.calls.answerFollow(me.id, follower, name === "authorize")
      return yield* relationAnswer(deps, me, follower)
    }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  listOf(deps, "followers", deps.follows.followers),
  listOf(deps, "following", deps.follows.following),
  listOf(deps, "endorsements", (account, query) => deps.relations.list("endorsements", account, query)),
  ownList(deps, "blocks", "read:blocks"),
  ownList(deps, "mutes", "read:mutes"),
  ownList(deps, "follow_requests", "read:follows"),
  ownList(deps, "endorsements", "read:accounts"),
  answerRequest(deps, "authorize"),
  answerRequest(deps, "reject")
]
