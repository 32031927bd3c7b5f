/** `npm run rookery -- …`: what admins and operators do from a terminal. */
import "./programs/nodeVersion.ts"
import "effect/schema/SchemaJITCompiler/enable"
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as accounts from "./commands/accounts.ts"
import * as author from "./commands/author.ts"
import * as clusterControl from "./commands/clusterControl.ts"
import * as config from "./commands/config.ts"
import * as datacenters from "./commands/datacenters.ts"
import * as moderation from "./commands/moderation.ts"
import * as importGraph from "./commands/importGraph.ts"
import * as past from "./commands/past.ts"
import * as programs from "./commands/programs.ts"
import * as status from "./commands/status.ts"
import * as derive from "./programs/derive.ts"
import * as main from "./programs/main.ts"

const rookery = Command.make("rookery").pipe(
  Command.withDescription(
    "Runs and administers Rookery. Commands speak to the database of DATABASE_URL; without it to that of the local cluster or the server that runs on DATA_DIR; without those to the embedded database there."
  ),
  Command.withSubcommands([
    accounts.command,
    moderation.posts,
    moderation.reports,
    author.command,
    importGraph.command,
    status.command,
    past.command,
    datacenters.command,
    config.command,
    clusterControl.command,
    programs.runner,
    programs.front,
    programs.migrate
  ])
)

main.run(Command.run(rookery, { version: derive.version }).pipe(Effect.provide(NodeServices.layer)))
