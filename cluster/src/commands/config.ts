/** `rookery config` */
import { table } from "@rookery/config/Load"
import { Console } from "effect"
import { Command } from "effect/cli"

const describe = ({ allowed, doc, fallback, name }: ReturnType<typeof table>[number]): string =>
  `${name}\n  ${doc}.\n  Allowed: ${allowed}. Default: ${fallback === "" ? "none" : fallback}.`

export const command = Command.make("config", {}, () =>
  Console.log(["Settings are environment variables.", ...table().map(describe)].join("\n\n"))).pipe(
    Command.withDescription("List all settings with what they may be")
  )
