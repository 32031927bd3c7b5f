/** `rookery datacenters status` */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import * as adminLayer from "../admin/adminLayer.ts"
import * as datacenters from "../admin/datacenters.ts"

const number = (value: number): string => value.toLocaleString("en-US")

/** The last bucket of a histogram has no upper end. */
const seconds = (within: number): string => Number.isFinite(within) ? `${within} s` : "longer than is measured"

const connectionOf = ({ connected, members }: datacenters.LinkStatus): string => {
  if (members === 0) return "nobody to ask"
  if (connected === members) return "connected"
  return connected === 0 ? "cut off" : `connected to ${connected} of ${members}`
}

const describe = (link: datacenters.LinkStatus): string => {
  const { applied, delay, differed, lastReason, pending, refused, repaired } = link
  const late = delay === undefined ? "" : `, half within ${seconds(delay.p50)}, 99 % within ${seconds(delay.p99)}`
  return [
    `${link.name.padEnd(12)} ${connectionOf(link)}, ${number(pending)} messages to read`,
    `${" ".repeat(13)}${number(applied)} facts applied${late}`,
    `${" ".repeat(13)}${number(differed)} ranges differed, ${number(repaired)} facts repaired`,
    `${" ".repeat(13)}${number(refused)} messages refused${lastReason === undefined ? "" : `, the latest: ${lastReason}`}`
  ].join("\n")
}

const show = Effect.gen(function*() {
  const found = yield* datacenters.read
  if (found === undefined) return yield* Console.log("there is one datacenter only")
  const { backlog, copyHitRate, links, own } = found
  yield* Console.log([
    `this is ${own}`,
    ...links.map(describe),
    `to be told: ${number(backlog.rows)} facts, the oldest ${backlog.oldestSeconds.toFixed(1)} s old`,
    `contents of others' posts: ${copyHitRate === undefined ? "none was asked for" : `${(copyHitRate * 100).toFixed(1)} % found among the copies`}`
  ].join("\n"))
})

const status = Command.make("status", {}, () => adminLayer.withStores(show)).pipe(
  Command.withDescription("The links to the other datacenters, what waits on either side, repairs, refusals, and how often copies served")
)

export const command = Command.make("datacenters").pipe(
  Command.withDescription("What this datacenter and the others are to each other"),
  Command.withSubcommands([status])
)
