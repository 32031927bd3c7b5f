/** Reports of people and their posts, to those who moderate. */
import { AccountId, type PostId } from "@rookery/domain/Ids"
import * as Moderation from "@rookery/domain/Moderation"
import type { Report } from "@rookery/store/ModerationStore"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { forbidden, invalid, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import { personal, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import * as Text from "../render/Text.ts"
import { accountNow } from "./shared.ts"
import * as AccountRendering from "../render/Account.ts"

const mayBe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** `forward` says nothing here: nobody is elsewhere. */
const decodeReport = Input.decoder(Schema.Struct({
  account_id: Input.MaybeId,
  status_ids: mayBe(Input.listOf(Input.Id, Moderation.reportedPostsMax)),
  comment: mayBe(Input.Text),
  category: mayBe(Schema.Literals([...Moderation.categories, ""])),
  rule_ids: mayBe(Input.listOf(Input.Text, Moderation.reportedPostsMax)),
  forward: mayBe(Input.Flag)
}))

/** The part of the `Report` entity that is the report's own. */
export const entity = (report: Report) => ({
  id: String(report.id),
  action_taken: report.resolvedAt !== null,
  action_taken_at: report.resolvedAt === null ? null : new Date(report.resolvedAt).toISOString(),
  category: report.category,
  comment: report.comment,
  forwarded: false,
  created_at: new Date(report.createdAt).toISOString(),
  status_ids: report.posts.map(String),
  rule_ids: null,
  collection_ids: null
})

/** The posts named; each must be by the one who is reported, and seen by the one who reports. */
const postsOf = (deps: Deps, me: Account, target: AccountId, ids: ReadonlyArray<bigint>) =>
  Effect.flatMap(deps.reader.visible(me, ids, "named"), (items) => {
    const posts: ReadonlyArray<PostId> = items.map((item) => item.rendered.post).filter((post) => post.author === target).map((post) => post.id)
    return posts.length === ids.length ? Effect.succeed(posts) : Effect.fail(notFound())
  })

const create = (deps: Deps) => personal("POST", "/api/v1/reports", "write:reports", (request, me) =>
  Effect.gen(function*() {
    const { account_id, category, comment, rule_ids, status_ids } = yield* decodeReport(request.fields)
    const id = Input.idOf(account_id)
    if (id === undefined) return yield* Effect.fail(notFound())
    const target = yield* accountNow(deps, AccountId.make(id))
    if (target.id === me.id) return yield* Effect.fail(forbidden("This action is not allowed"))
    if (!Text.fits(comment ?? "", Moderation.commentMax)) {
      return yield* Effect.fail(invalid(`Validation failed: Comment is too long (maximum is ${Moderation.commentMax} characters)`))
    }
    // The instance has no rules of which one could be violated.
    if (category === "violation" || Input.asList<string>(rule_ids ?? undefined).length > 0) {
      return yield* Effect.fail(invalid("Validation failed: Rules do not refer to valid rules"))
    }
    const posts = yield* postsOf(deps, me, target.id, [...new Set(Input.asList<bigint>(status_ids ?? undefined))])
    const report = yield* deps.moderation.report({
      reporter: me.id,
      target: target.id,
      category: category || "other",
      comment: comment ?? "",
      posts
    })
    return report === undefined
      ? yield* Effect.fail(invalid(`Validation failed: You have ${Moderation.openReportsMax} reports that are not looked at yet`))
      : Answer.json({ ...entity(report), target_account: AccountRendering.entity(target, deps.settings) })
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [create(deps)]
