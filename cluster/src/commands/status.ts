/** `rookery status` */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import * as adminLayer from "../admin/adminLayer.ts"
import * as Exclusivity from "../layers/Exclusivity.ts"
import * as status from "../admin/status.ts"

const number = (value: number | undefined): string => value === undefined ? "?" : value.toLocaleString("en-US")

const describe = (member: status.MemberStatus, residents: number | undefined): string =>
  [
    member.kind.padEnd(7),
    member.address.padEnd(22),
    (member.healthy ? "healthy" : "gone").padEnd(8),
    `heartbeat ${member.heartbeatSeconds.toFixed(1)} s ago`.padEnd(22),
    member.kind === "runner" ? `${number(member.shards).padStart(4)} shards  ${number(residents)} resident timelines` : "",
    member.opsUrl ?? ""
  ].join(" ")

const show = Effect.gen(function*() {
  const members = yield* status.members
  const lines = yield* Effect.forEach(members, (member) =>
    Effect.map(
      member.opsUrl === undefined ? Effect.succeed(undefined) : status.metric(member.opsUrl, "rookery_resident_timelines"),
      (residents) => describe(member, residents)
    ), { concurrency: 8 })
  const backlog = yield* status.backlog
  const totals = yield* status.totals
  const nobody = (yield* Exclusivity.isServed) ? "one process alone serves this database" : "nothing serves this database"
  yield* Console.log([
    ...(lines.length === 0 ? [nobody] : lines),
    `fan-out backlog: ${number(backlog.rows)} rows, the oldest ${(backlog.oldestMillis / 1000).toFixed(1)} s old`,
    `${number(totals.accounts)} accounts, ${number(totals.posts)} posts`
  ].join("\n"))
})

export const command = Command.make("status", {}, () => adminLayer.withStores(show)).pipe(
  Command.withDescription("Runners and fronts, their shards and timelines, and what waits")
)
