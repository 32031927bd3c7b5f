/** `rookery posts …` and `rookery reports …` */
import { load } from "@rookery/config/Load"
import type { Report } from "@rookery/store/ModerationStore"
import { AccountStore } from "@rookery/store/AccountStore"
import { Console, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as adminLayer from "../admin/adminLayer.ts"
import * as database from "../admin/database.ts"
import * as moderation from "../admin/moderation.ts"
import * as status from "../admin/status.ts"
import * as adminHints from "../layers/adminHints.ts"
import { reason } from "./accounts.ts"

const id = Argument.String("id").pipe(Argument.withDescription("its id, in digits"))

const remove = Command.make("delete", { id, reason }, ({ id, reason }) =>
  Effect.gen(function*() {
    const configuration = yield* load
    const members = yield* status.members
    const hasRunner = members.some((member) => member.kind === "runner" && member.healthy)
    const post = hasRunner
      ? yield* moderation.deleteThroughActor(id, reason).pipe(adminLayer.asMember(configuration))
      : yield* moderation.deleteFromStore(id, reason)
    if (!hasRunner) yield* adminHints.announce({ _tag: "PostChanged", postIds: [`${post.id}`] }, yield* database.findNats(configuration))
    yield* Console.log(`deleted ${post.id}: ${JSON.stringify(post.text.slice(0, 80))}`)
  }).pipe(adminLayer.withStores)).pipe(Command.withDescription("Delete anybody's post, with its reposts, for good"))

export const posts = Command.make("posts").pipe(
  Command.withDescription("Delete posts"),
  Command.withSubcommands([remove])
)

const describe = (names: ReadonlyMap<bigint, string>, report: Report): string => {
  const nameOf = (account: bigint | null) => account === null ? "somebody who is gone" : names.get(account) ?? String(account)
  const posts = report.posts.length === 0 ? "" : `, posts ${report.posts.join(" ")}`
  return `${report.id}  ${new Date(report.createdAt).toISOString()}  ${report.category}: ${nameOf(report.reporter)} reports ` +
    `${nameOf(report.target)}${posts}${report.comment === "" ? "" : `\n    ${JSON.stringify(report.comment)}`}`
}

const list = Command.make("list", {
  resolved: Flag.Boolean("resolved").pipe(Flag.withDefault(false), Flag.withDescription("those that are resolved instead"))
}, ({ resolved }) =>
  Effect.gen(function*() {
    const reports = yield* moderation.reports(resolved)
    const people = new Set(reports.flatMap(({ reporter, target }) => reporter === null ? [target] : [reporter, target]))
    const rows = people.size === 0 ? [] : yield* (yield* AccountStore).byIds([...people])
    const names = new Map(rows.map((row) => [row.id as bigint, row.username]))
    yield* Console.log(reports.length === 0 ? "no reports" : reports.map((report) => describe(names, report)).join("\n"))
  }).pipe(adminLayer.withStores)).pipe(Command.withDescription("List the newest reports that are open"))

const resolve = Command.make("resolve", { id, reason }, ({ id, reason }) =>
  moderation.resolve(id, reason).pipe(
    Effect.tap((report) => Console.log(`report ${report.id} is resolved`)),
    adminLayer.withStores
  )).pipe(Command.withDescription("Put a report away"))

export const reports = Command.make("reports").pipe(
  Command.withDescription("List and resolve reports"),
  Command.withSubcommands([list, resolve])
)
