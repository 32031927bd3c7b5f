/** `rookery status` */
import { load } from "@rookery/config/Load"
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import * as adminLayer from "../admin/adminLayer.ts"
import * as status from "../admin/status.ts"

const number = (value: number | undefined): string => value === undefined ? "?" : value.toLocaleString("en-US")

const residentsOf = (opsUrl: string | undefined) =>
  opsUrl === undefined ? Effect.undefined : status.metric(opsUrl, "rookery_resident_timelines")

const holds = (shards: number, residents: number | undefined): string =>
  `${number(shards).padStart(4)} shards  ${number(residents)} resident timelines`

const describe = (member: status.MemberStatus, residents: number | undefined): string =>
  [
    member.kind.padEnd(7),
    member.address.padEnd(22),
    (member.healthy ? "healthy" : "gone").padEnd(8),
    `heartbeat ${member.heartbeatSeconds.toFixed(1)} s ago`.padEnd(22),
    member.kind === "runner" ? holds(member.shards, residents) : "",
    member.opsUrl ?? ""
  ].join(" ")

const describeAlone = Effect.fnUntraced(function*({ opsUrl }: { readonly opsUrl: string | undefined }) {
  const residents = yield* residentsOf(opsUrl)
  // Every shard there is is its, without locks that could be counted.
  const held = holds((yield* load).shardsPerGroup, residents).trimStart()
  const unread = opsUrl === undefined ? "it does not say where its metrics are" : `${opsUrl}/metrics does not answer`
  return `one process alone serves this database: ${held} ${residents === undefined ? `(${unread})` : opsUrl}`
})

const show = Effect.gen(function*() {
  const alone = yield* status.alone
  const members = yield* status.members
  const lines = [
    ...(alone === undefined ? [] : [yield* describeAlone(alone)]),
    ...(yield* Effect.forEach(members, (member) =>
      Effect.map(residentsOf(member.opsUrl), (residents) => describe(member, residents)), { concurrency: 8 }))
  ]
  const backlog = yield* status.backlog
  const totals = yield* status.totals
  yield* Console.log([
    ...(lines.length === 0 ? ["nothing serves this database"] : lines),
    `fan-out backlog: ${number(backlog.rows)} rows, the oldest ${(backlog.oldestMillis / 1000).toFixed(1)} s old`,
    `${number(totals.accounts)} accounts, ${number(totals.posts)} posts`
  ].join("\n"))
})

export const command = Command.make("status", {}, () => adminLayer.withStores(show)).pipe(
  Command.withDescription("Runners and fronts, their shards and timelines, and what waits")
)
