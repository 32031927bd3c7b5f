/** Accounts and posts in the hands of moderators: Rookery's own. */
import type { AccountRow } from "@rookery/store/AccountStore"
import type { ModeratedAccount } from "@rookery/store/ModerationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import type { Route } from "../http/Route.ts"
import * as Invalidations from "../Invalidations.ts"
import * as Account from "../render/Account.ts"
import { actOf, administrative, notAllowed, reasonField } from "./adminAccess.ts"
import { linkOf } from "./adminReports.ts"
import { anyAccount } from "./shared.ts"
import { removed } from "./statuses.ts"

const decodeFilter = Input.decoder(Schema.Struct({
  suspended: Schema.optionalKey(Input.Flag),
  username: Schema.optionalKey(Input.Text),
  ...Input.Paging
}))

const entity = (deps: Deps, { email, openReports }: ModeratedAccount, row: AccountRow) => {
  const account = Account.whole(row, deps.settings)
  return {
    id: account.id,
    username: account.username,
    email,
    created_at: account.created_at,
    admin: row.admin,
    suspended_at: row.disabledAt === null ? null : new Date(row.disabledAt).toISOString(),
    open_reports: openReports,
    account
  }
}

const entities = (deps: Deps, found: ReadonlyArray<ModeratedAccount>) =>
  found.length === 0 ? Effect.succeed([]) : Effect.map(deps.accounts.byIds(found.map(({ id }) => id)), (rows) => {
    const byId = new Map(rows.map((row) => [row.id, row]))
    return found.flatMap((one) => {
      const row = byId.get(one.id)
      return row === undefined ? [] : [entity(deps, one, row)]
    })
  })

/** The account as it stands now. */
const shown = (deps: Deps, id: ModeratedAccount["id"]): Effect.Effect<Answer.Answer, ApiError | StoreError> =>
  Effect.flatMap(deps.moderation.account(id), (found) =>
    Effect.flatMap(entities(deps, found === undefined ? [] : [found]), ([one]) =>
      one === undefined ? Effect.fail(notFound()) : Effect.succeed(Answer.json(one))))

const named = (deps: Deps, username: string): Effect.Effect<ReadonlyArray<ModeratedAccount>, StoreError> =>
  Effect.flatMap(deps.accounts.byUsername(username.replace(/^@/, "")), (row) =>
    row === undefined ? Effect.succeed([]) : Effect.map(deps.moderation.account(row.id), (one) => one === undefined ? [] : [one]))

const answer = "`{id, username, email, created_at, admin, suspended_at, open_reports, account}`; `account` is whole, also that of a suspended one"

const list = (deps: Deps) =>
  administrative(deps, "GET", "accounts", "admin:read:accounts", {
    summary: "Accounts, newest first",
    fields: {
      suspended: "Only those that are suspended, or only those that are not",
      username: "Only the one of this name",
      max_id: "Only those below this id; `since_id`, `min_id` and `limit` page as everywhere"
    },
    answer: `A list. Each: ${answer}`
  }, (request) =>
    Effect.gen(function*() {
      const { suspended, username, ...paging } = yield* decodeFilter(request.fields)
      const found = username === undefined
        ? yield* deps.moderation.accounts(suspended, Input.cursorQuery(paging))
        : yield* named(deps, username)
      return { ...Answer.json(yield* entities(deps, found)), link: linkOf(deps, request, found) }
    }))

const read = (deps: Deps) =>
  administrative(deps, "GET", "accounts/:id", "admin:read:accounts", { summary: "One account", answer }, (request) =>
    Effect.flatMap(Input.accountId(request.params[0]!), (id) => shown(deps, id)))

/**
 * Told also when it stood so already: whoever asked before may have died before they told. Tokens stop, streams end and
 * copies are dropped here before the answer, and at every other front with the message.
 */
const tellAll = (deps: Deps, { id, no }: AccountRow) =>
  Effect.suspend(() => {
    deps.hydration.dropAccountNo(no)
    deps.tokens.dropAccount(id)
    return Invalidations.announce(deps, { _tag: "AccountChanged", accountIds: [String(id)] })
  })

const setSuspended = (deps: Deps, suspended: boolean) =>
  administrative(deps, "POST", `accounts/:id/${suspended ? "suspend" : "unsuspend"}`, "admin:write:accounts", {
    summary: suspended
      ? "Suspend an account: it is locked out, and nothing of it is seen anywhere, reposts of its posts included. Admins are suspended from the terminal only"
      : "End a suspension: everything is back as it was",
    fields: reasonField,
    answer
  }, (request, me) =>
    Effect.gen(function*() {
      const row = yield* anyAccount(deps, yield* Input.accountId(request.params[0]!))
      // A stolen token must not lock out those who could take it back.
      if (suspended && row.admin) return yield* Effect.fail(notAllowed)
      yield* deps.moderation.setSuspended(row.id, suspended, yield* actOf(request, me))
      yield* tellAll(deps, row)
      return yield* shown(deps, row.id)
    }))

const removePost = (deps: Deps) =>
  administrative(deps, "DELETE", "posts/:id", "admin:write", {
    summary: "Delete anybody's post, with its reposts",
    fields: reasonField,
    answer: "The `Status` as it was, with its `text`"
  }, (request, me) =>
    Effect.gen(function*() {
      const { by, reason } = yield* actOf(request, me)
      const post = yield* deps.calls.moderate(yield* Input.postId(request.params[0]!), by!, reason)
      removed(deps, post)
      const bytes = yield* deps.reader.presentOne(undefined, yield* deps.hydration.wrap(post))
      return Answer.json({ ...JSON.parse(bytes.toString("utf8")), text: post.text })
    }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  list(deps),
  read(deps),
  setSuspended(deps, true),
  setSuspended(deps, false),
  removePost(deps)
]
