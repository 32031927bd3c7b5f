/** What the caller and others are to each other: follows and their flags, blocks, mutes, notes, endorsements. */
import { AccountId } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import { languagesMax } from "@rookery/protocol/UserTimeline"
import type { FullRelation } from "@rookery/store/RelationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, forbidden, invalid } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { personal, type Request, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import * as Text from "../render/Text.ts"
import { accountList, anyAccount } from "./shared.ts"

const idsMax = 40
const familiarMax = 10

/** The longest mute that ends by itself, in seconds: ten years. */
const muteSecondsMax = 315_360_000

const decodeIds = Input.decoder(Schema.Struct({
  id: Schema.optionalKey(Input.listOf(Input.Id, 1_000)),
  with_suspended: Schema.optionalKey(Input.Flag)
}))
const Language = Schema.String.check(Schema.isPattern(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}$/))
const decodeFollow = Input.decoder(Schema.Struct({
  reblogs: Schema.optionalKey(Input.Flag),
  notify: Schema.optionalKey(Input.Flag),
  languages: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Literal(""), Input.listOf(Language, languagesMax)])))
}))
const Seconds = Schema.Union([Schema.Int, Schema.String.check(Schema.isPattern(/^[0-9]{1,10}$/)), Schema.Literal("")])
const decodeMute = Input.decoder(Schema.Struct({
  notifications: Schema.optionalKey(Input.Flag),
  duration: Schema.optionalKey(Schema.NullOr(Seconds))
}))
const decodeNote = Input.decoder(Schema.Struct({ comment: Schema.optionalKey(Schema.NullOr(Input.Text)) }))

const entity = (row: FullRelation) => ({
  id: String(row.id),
  following: row.following,
  showing_reblogs: row.following && row.reblogs,
  notifying: row.following && row.notify,
  languages: row.following && row.languages !== null && row.languages.length > 0 ? row.languages : null,
  followed_by: row.followedBy,
  blocking: row.blocking,
  blocked_by: row.blockedBy,
  muting: row.muting,
  muting_notifications: row.mutingNotifications,
  muting_expires_at: row.mutingUntil === null ? null : new Date(row.mutingUntil).toISOString(),
  requested: row.requested,
  requested_by: row.requestedBy,
  domain_blocking: false,
  endorsed: row.endorsed,
  note: row.note
})

/** In the order asked for. */
const inOrder = (ids: ReadonlyArray<AccountId>, rows: ReadonlyArray<FullRelation>) => {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = byId.get(id)
    return row === undefined ? [] : [entity(row)]
  })
}

/** The relation as it stands after a change, with everything dropped here that knew it otherwise. */
export const relationAnswer = (deps: Deps, me: Account, other: AccountId) =>
  Effect.suspend(() => {
    deps.shunned.drop(me.id)
    deps.shunned.drop(other)
    deps.hydration.dropAccountNo(me.no)
    deps.hydration.dropAccount(other)
    return Effect.map(deps.relations.between(me.id, [other]), (rows) => Answer.json(inOrder([other], rows)[0]))
  })

const askedIds = (request: Request) =>
  Effect.map(decodeIds(request.fields), ({ id, with_suspended: withSuspended = false }) => ({
    ids: [...new Set(Input.asList<bigint>(id))].slice(0, idsMax).map((one) => AccountId.make(one)),
    withSuspended
  }))

const relationships = (deps: Deps) => personal("GET", "/api/v1/accounts/relationships", "read:follows", (request, me) =>
  Effect.gen(function*() {
    const asked = yield* askedIds(request)
    const found = asked.ids.length === 0 ? [] : yield* deps.relations.between(me.id, asked.ids)
    return Answer.json(inOrder(asked.ids, asked.withSuspended ? found : found.filter((row) => !row.suspended)))
  }))

const familiar = (deps: Deps) => personal("GET", "/api/v1/accounts/familiar_followers", "read:follows", (request, me) =>
  Effect.gen(function*() {
    const { ids: asked } = yield* askedIds(request)
    const found = asked.length === 0 ? new Map() : yield* deps.relations.familiar(me.id, asked, familiarMax)
    const entries = yield* Effect.forEach(asked, (id) =>
      Effect.map(accountList(deps, found.get(id) ?? [], me), (accounts) => ({ id: String(id), accounts })), { concurrency: 4 })
    return Answer.json(entries)
  }))

type Change = (me: Account, other: AccountId, request: Request) => Effect.Effect<unknown, ApiError | StoreError>

/** A change towards the person of the path, answered with the relation. Towards oneself there is none. */
const change = (deps: Deps, name: string, scope: string, make: Change) =>
  personal("POST", `/api/v1/accounts/:id/${name}`, scope, (request, me) =>
    Effect.gen(function*() {
      const other = yield* Input.accountId(request.params[0]!)
      if (other === me.id) return yield* Effect.fail(forbidden("This action is not allowed"))
      yield* anyAccount(deps, other)
      yield* make(me, other, request)
      return yield* relationAnswer(deps, me, other)
    }))

/** `de` of `de-AT`, each once: posts and the contract say no more. */
const languagesOf = (codes: string | ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(Input.asList<string>(codes).map((code) => code.split("-", 1)[0]!.toLowerCase()))]

/** What is not sent stays as it is. */
const flagsOf = (request: Request) =>
  Effect.map(decodeFollow(request.fields), ({ languages, notify, reblogs }) => ({
    ...(reblogs === undefined ? {} : { reblogs }),
    ...(notify === undefined ? {} : { notify }),
    ...(languages === undefined ? {} : { languages: languages === null || languages === "" ? null : languagesOf(languages) })
  }))

const follow = (deps: Deps): Change => (me, other, request) =>
  Effect.gen(function*() {
    const flags = yield* flagsOf(request)
    const [relation] = yield* deps.relations.between(me.id, [other])
    if (relation !== undefined && (relation.blocking || relation.blockedBy)) {
      return yield* Effect.fail(forbidden("This action is not allowed"))
    }
    yield* deps.calls.setFollow(me.id, other, true, Object.keys(flags).length === 0 ? undefined : flags)
  })

const mute = (deps: Deps): Change => (me, other, request) =>
  Effect.gen(function*() {
    const { duration, notifications = true } = yield* decodeMute(request.fields)
    const seconds = Math.min(muteSecondsMax, Math.max(0, Number(duration ?? 0)))
    yield* deps.calls.setMute(me.id, { other, muted: true, notifications, millis: seconds === 0 ? null : seconds * 1_000 })
  })

const note = (deps: Deps): Change => (me, other, request) =>
  Effect.gen(function*() {
    const { comment } = yield* decodeNote(request.fields)
    if (!Text.fits(comment ?? "", Limits.privateNoteMax)) {
      return yield* Effect.fail(invalid(`Validation failed: Comment is too long (maximum is ${Limits.privateNoteMax} characters)`))
    }
    yield* deps.relations.setNote(me.id, other, comment ?? "")
  })

const endorse = (deps: Deps, endorsed: boolean): Change => (me, other) =>
  Effect.flatMap(deps.relations.setEndorsed(me.id, other, endorsed), (done) =>
    done ? Effect.void : Effect.fail(invalid("Validation failed: You must be already following the person you want to endorse")))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  relationships(deps),
  familiar(deps),
  change(deps, "follow", "write:follows", follow(deps)),
  change(deps, "unfollow", "write:follows", (me, other) => deps.calls.setFollow(me.id, other, false)),
  change(deps, "remove_from_followers", "write:follows", (me, other) => deps.calls.removeFollower(me.id, other)),
  change(deps, "block", "write:blocks", (me, other) => deps.calls.setBlock(me.id, other, true)),
  change(deps, "unblock", "write:blocks", (me, other) => deps.calls.setBlock(me.id, other, false)),
  change(deps, "mute", "write:mutes", mute(deps)),
  change(deps, "unmute", "write:mutes", (me, other) =>
    deps.calls.setMute(me.id, { other, muted: false, notifications: false, millis: null })),
  change(deps, "note", "write:accounts", note(deps)),
  change(deps, "endorse", "write:accounts", endorse(deps, true)),
  change(deps, "pin", "write:accounts", endorse(deps, true)),
  change(deps, "unendorse", "write:accounts", endorse(deps, false)),
  change(deps, "unpin", "write:accounts", endorse(deps, false))
]
