/** DATA_DIR belongs to one program at a time: the command line asks it which database is meant, and two would be two answers. */
import { Effect, type Scope } from "effect"
import { mkdir } from "node:fs/promises"
import { AdminError } from "../admin/AdminError.ts"
import { claim } from "../servers/postgresFolder.ts"

/** Holds the folder, made if it is missing, until the scope ends; refuses while another living program, of either kind, does. */
export const hold = (folder: string): Effect.Effect<void, AdminError, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.tryPromise({
      try: () => mkdir(folder, { recursive: true }).then(() => claim(folder)),
      catch: (cause) => new AdminError({ message: `DATA_DIR: ${cause instanceof Error ? cause.message : String(cause)}` })
    }),
    (release) => Effect.promise(release)
  ))
