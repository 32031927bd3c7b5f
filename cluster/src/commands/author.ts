/** `rookery author NAME --fanout push|pull|auto` */
import { overrides } from "@rookery/domain/FanoutMode"
import { load } from "@rookery/config/Load"
import { Console, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as adminLayer from "../admin/adminLayer.ts"
import * as authorMode from "../admin/authorMode.ts"
import * as status from "../admin/status.ts"
import * as derive from "../programs/derive.ts"

const flags = {
  name: Argument.String("name").pipe(Argument.withDescription("the author's name, without @")),
  fanout: Flag.Literals("fanout", overrides).pipe(
    Flag.withDescription("push: into every follower's timeline; pull: merged in when read; auto: by the number of followers")
  )
}

/** While a mode changes posts go both ways, so that nobody misses one. */
const modeText = { push: "push", pull: "pull", both: "both push and pull, until the change is done" } as const

export const command = Command.make("author", flags, ({ fanout, name }) =>
  Effect.gen(function*() {
    const configuration = yield* load
    const members = yield* status.members
    const hasRunner = members.some((member) => member.kind === "runner" && member.healthy)
    const { mode } = hasRunner
      ? yield* authorMode.throughActor(name, fanout).pipe(adminLayer.asMember(configuration))
      : yield* authorMode.throughStore(name, fanout, derive.entities(configuration).threshold)
    yield* Console.log(`${name} is set to ${fanout}; now: ${modeText[mode]}`)
  }).pipe(adminLayer.withStores)).pipe(
    Command.withDescription("Set how an author's posts reach their followers")
  )
