/** DATA_DIR belongs to one program at a time: the command line asks it which database is meant, and two would be two answers. */
import { makeFolder } from "@rookery/store/folder/makeFolder"
import { Effect, type Scope } from "effect"
import { AdminError } from "../admin/AdminError.ts"
import { claim } from "../servers/postgresFolder.ts"

/** Holds the folder, made if it is missing, until the scope ends; refuses while another living program, of either kind, does. */
export const hold = (folder: string): Effect.Effect<void, AdminError, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.tryPromise({
      try: () => makeFolder(folder).then(() => claim(folder)),
      catch: (cause) => new AdminError({ message: `DATA_DIR: ${cause instanceof Error ? cause.message : String(cause)}` })
    }),
    (release) => Effect.promise(release)
  ))
