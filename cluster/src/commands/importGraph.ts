/** `rookery import-graph FILE` */
import { load } from "@rookery/config/Load"
import { Console, Effect, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as adminLayer from "../admin/adminLayer.ts"
import * as importGraph from "../admin/importGraph.ts"
import * as otherDatacenters from "../admin/otherDatacenters.ts"
import * as derive from "../programs/derive.ts"

const between = (minimum: number, maximum: number) => Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

const flags = {
  file: Argument.String("file").pipe(
    Argument.withDescription("lines \"follower followee\", parted by any white space, # for comments; plain or gzipped")
  ),
  postsPerAccount: Flag.Int("posts-per-account").pipe(
    between(0, 100_000),
    Flag.withDefault(0),
    Flag.withDescription("posts written for every account of the file")
  ),
  postTextBytes: Flag.Int("post-text-bytes").pipe(
    between(1, 10_000),
    Flag.withDefault(140),
    Flag.withDescription("length of each")
  ),
  skipBadLines: Flag.Boolean("skip-bad-lines").pipe(Flag.withDefault(false), Flag.withDescription("leave broken lines out instead of refusing the file"))
}

const number = (value: number): string => value.toLocaleString("en-US")

const describe = ({ accounts, edges, newEdges, posts, skippedLines }: importGraph.Imported): string =>
  [
    `${number(edges)} edges, of which ${number(newEdges)} were new`,
    ...(accounts > 0 ? [`${number(accounts)} accounts named u<number>`] : []),
    ...(posts > 0 ? [`${number(posts)} posts`] : []),
    ...(skippedLines > 0 ? [`${number(skippedLines)} broken lines left out`] : [])
  ].join("\n")

export const command = Command.make("import-graph", flags, (options) =>
  Effect.all([load, otherDatacenters.make]).pipe(
    Effect.flatMap(([configuration, world]) =>
      importGraph.importGraph({ ...options, threshold: derive.entities(configuration).threshold }, world)),
    Effect.scoped,
    Effect.tap((imported) => Console.log(describe(imported))),
    adminLayer.withIds
  )).pipe(
    Command.withDescription(
      "Import a follow graph; accounts are named u<number>. Started again after an interruption it goes on where it was. A server that runs shows it within seconds"
    )
  )
