/** A Redis that a baseline has to itself, empty. */
import * as RedisServer from "@rookery/cluster/servers/RedisServer"
import { Effect } from "effect"
import { temporaryFolder } from "../harness/temporaryFolder.ts"
import * as Resp from "./RespClient.ts"

/** Starts it, with these further arguments; it ends with the scope, and what it held goes with it. */
export const start = (args: ReadonlyArray<string> = []) =>
  Effect.flatMap(temporaryFolder, (folder) => RedisServer.start({ folder, args }))

/** A connection that is closed with the scope. */
export const connect = (port: number) =>
  Effect.acquireRelease(
    Effect.promise(() => Resp.open(port)),
    (client) => Effect.sync(client.close)
  )
