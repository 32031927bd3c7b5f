/** Client libraries that people use, as they are published, against a cluster of two fronts and two runners. */
import { describe, it } from "@effect/vitest"
import { findFreePort } from "@rookery/cluster/local/freePort"
import { Effect, References } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Ground from "../faults/ground.ts"
import type { Driver, Server } from "./Driver.ts"
import { journey } from "./journey.ts"
import * as Masto from "./masto.ts"
import * as Megalodon from "./megalodon.ts"

const pictures = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-clients-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** Whoever asks the first front where to listen is sent to the second: its address is the public one. */
const withServer = <A, E>(use: (server: Server) => Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const port = yield* findFreePort
    const ground = yield* Ground.make({
      PASSWORD_GRANT: "true",
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      MEDIA_FOLDER: yield* pictures,
      LOG_LEVEL: "Warn"
    })
    const [rest] = yield* Effect.all(
      [ground.startFront(), ground.startFront({ port }), ground.startRunner(), ground.startRunner()],
      { concurrency: 4 }
    )
    return yield* use({ rest: rest.url, streaming: `ws://127.0.0.1:${port}` }).pipe(
      Effect.onError(() => Effect.sync(() => console.log(ground.said())))
    )
  }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error"))

const drivers: Readonly<Record<string, Driver>> = { masto: Masto.driver, megalodon: Megalodon.driver }

describe("client libraries at a cluster", () => {
  it.live("go from sign-up to streams, asking one front and listening at the other", () =>
    withServer((server) =>
      Effect.forEach(Object.entries(drivers), ([name, driver]) => journey(driver, server, name), { discard: true })
    ), 300_000)
})
