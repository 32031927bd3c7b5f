/**
 * `npm start`: everything in one process, beside an embedded PostgreSQL whose data stays in DATA_DIR (or the server of
 * DATABASE_URL). The rest of the program is loaded while the database starts.
 */
import "./programs/nodeVersion.ts"
import "effect/schema/SchemaJITCompiler/enable"
import { load } from "@rookery/config/Load"
import { Effect } from "effect"
import { resolve } from "node:path"
import { embeddedFolder } from "./admin/database.ts"
import { AdminError } from "./admin/AdminError.ts"
import * as dataFolder from "./local/dataFolder.ts"
import * as main from "./programs/main.ts"
import { refuseArguments } from "./programs/noArguments.ts"
import * as EmbeddedPostgres from "./servers/EmbeddedPostgres.ts"

const usage = `npm start

Runs everything in one process, beside a PostgreSQL of its own, until Ctrl-C. It takes no arguments but settings, for example:

  PORT=9000 npm start             another port (8080)
  DATA_DIR=/srv/rookery npm start another folder for its data (.data)

All settings and what they allow: npm run rookery -- config. More: docs/operations.md`

refuseArguments(usage)

const program = Effect.gen(function*() {
  const configuration = yield* load
  const parts = import("./programs/one.ts")
  // It is awaited below; should the database fail first, its own failure is not to end the process.
  parts.catch(() => {})
  const dataDir = resolve(configuration.dataDir)
  const { databaseUrl } = configuration
  const postgresUrl = databaseUrl ?? (yield* startEmbedded(dataDir))
  const { serve } = yield* Effect.promise(() => parts)
  yield* serve({ ...configuration, dataDir }, postgresUrl, databaseUrl === undefined)
})

const startEmbedded = (dataDir: string) =>
  Effect.andThen(
    dataFolder.hold(dataDir),
    EmbeddedPostgres.start({ folder: embeddedFolder(dataDir) }).pipe(
      Effect.map(({ socketUrl }) => socketUrl),
      Effect.mapError((error) => new AdminError({ message: error.message }))
    )
  )

main.run(Effect.scoped(program))
