/** `rookery past …`: what the compressed months save, and compressing them now. */
import { load } from "@rookery/config/Load"
import { step } from "@rookery/store/postgres/past/past"
import { type PartStatus, status } from "@rookery/store/postgres/past/status"
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { AdminError } from "../admin/AdminError.ts"
import * as adminLayer from "../admin/adminLayer.ts"
import * as progressBar from "../admin/progressBar.ts"
import { oldBelow } from "../layers/Past.ts"

/** Looks in a row that find another process at it, or writers in the way, a second apart: then it is left to the runners. */
const WAITS_MAX = 60

const count = (value: number): string => value.toLocaleString("en-US")
const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`.padStart(12)
const saved = ({ bytesAfter, bytesBefore }: Pick<PartStatus, "bytesBefore" | "bytesAfter">): string =>
  bytesBefore === 0 ? "" : `${(100 * (1 - bytesAfter / bytesBefore)).toFixed(0)} % saved, ${(bytesBefore / bytesAfter).toFixed(2)} : 1`

/** Partitions are named by their month; what is older than all months is the first. */
const monthOf = (name: string): string => {
  const [, year, month] = /^posts_([0-9]{4})([0-9]{2})$/.exec(name) ?? []
  return (year === undefined ? "earlier" : `${year}-${month}`).padEnd(8)
}

const describe = (part: PartStatus): string =>
  part.live
    ? `${monthOf(part.name)} ${count(part.posts).padStart(14)} posts ${megabytes(part.bytesBefore)} before ${megabytes(part.bytesAfter)} now  ${saved(part)}`
    : `${monthOf(part.name)} ${count(part.posts).padStart(14)} posts copied so far`

const show = Effect.gen(function*() {
  const { pastDays } = yield* load
  const { parts, waiting } = yield* status(yield* oldBelow(pastDays))
  const live = parts.filter((part) => part.live)
  const before = live.reduce((sum, part) => sum + part.bytesBefore, 0)
  const after = live.reduce((sum, part) => sum + part.bytesAfter, 0)
  yield* Console.log([
    ...(parts.length === 0 ? ["no month is compressed yet"] : parts.map(describe)),
    ...(live.length > 1 ? [`${"all".padEnd(8)} ${count(live.reduce((sum, part) => sum + part.posts, 0)).padStart(14)} posts ${megabytes(before)} before ${
      megabytes(after)} now  ${saved({ bytesBefore: before, bytesAfter: after })}`] : []),
    pastDays === 0
      ? "PAST_DAYS is 0: nothing more is compressed"
      : `${waiting.length === 0 ? "no month" : waiting.map((name) => monthOf(name).trim()).join(", ")} older than ${pastDays} days ${waiting.length > 1 ? "wait" : "waits"}`
  ].join("\n"))
})

/** Follows whichever month the step was about. */
const bars = () => {
  let bar: { readonly name: string; readonly progress: progressBar.Progress } | undefined
  const end = () => {
    bar?.progress.end()
    bar = undefined
  }
  const at = (part: { readonly name: string; readonly posts: number; readonly total: number } | undefined) => {
    if (part === undefined) return
    if (bar?.name !== part.name) {
      end()
      bar = { name: part.name, progress: progressBar.start(monthOf(part.name).trim(), part.total, 0) }
    }
    bar.progress.at(part.posts)
  }
  return { at, end }
}

const runAll = Effect.gen(function*() {
  const { pastDays } = yield* load
  if (pastDays === 0) return yield* new AdminError({ message: "PAST_DAYS is 0, so no post is old; give it a number of days" })
  const before = yield* oldBelow(pastDays)
  const bar = bars()
  let waits = 0
  while (waits < WAITS_MAX) {
    const { did, part } = yield* step(before)
    if (did === "idle") break
    bar.at(part)
    waits = did === "busy" || did === "held up" ? waits + 1 : 0
    if (waits > 0) yield* Effect.sleep("1 second")
  }
  bar.end()
  if (waits > 0) yield* Console.log("others are at it, or write to these posts all the time; the runners go on with it")
  yield* show
})

const statusCommand = Command.make("status", {}, () => adminLayer.withStores(show)).pipe(
  Command.withDescription("Which months are compressed, and the space that it saves")
)

const run = Command.make("run", {}, () => adminLayer.withStores(runAll)).pipe(
  Command.withDescription("Compress the months older than PAST_DAYS now, while the server runs; can be interrupted and started again")
)

export const command = Command.make("past").pipe(
  Command.withDescription("Old posts, which are kept compressed"),
  Command.withSubcommands([statusCommand, run])
)
