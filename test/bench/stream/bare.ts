/** The same sockets and the same payloads on a bare `ws` server behind Redis: one PUBLISH for each post, in favour of this side. */
import { Effect } from "effect"
import * as Bare from "../baselines/bareServer.ts"
import * as BareSockets from "../baselines/bareSockets.ts"
import * as Resp from "../baselines/RespClient.ts"
import type { BenchOptions } from "../harness/Bench.ts"
import * as Probing from "../memory/probing.ts"
import { makeClock, postSteps, retimed } from "./posts.ts"
import { warmSockets, type World } from "./world.ts"

/** Who listens to it hears every post. */
const activeChannel = "active"

export const measureBare = Effect.fnUntraced(function*(
  { active, cluster, idle }: World,
  sample: string,
  rates: ReadonlyArray<number>,
  options: BenchOptions
) {
  const { redis } = cluster.servers!
  const server = yield* Bare.start(redis.port, Probing.environment(cluster.probeFolder))
  const publisher = yield* Effect.acquireRelease(
    Effect.promise(() => Resp.open(redis.port)),
    (client) => Effect.sync(client.close)
  )
  const clock = makeClock()
  const bareSocket = yield* BareSockets.open(server, cluster.probeFolder, {
    // Idle ones first.
    path: (i) => i < idle ? BareSockets.timelinePath(i) : `/${activeChannel}`,
    onText: clock.onText,
    warm: warmSockets,
    count: idle + active - warmSockets
  })
  const { payload } = JSON.parse(sample) as { readonly payload: string }
  const message = JSON.stringify({ stream: "user", event: "update", payload: JSON.parse(payload) as unknown })
  const publish = (text: string) =>
    Effect.promise(() => publisher.send(Resp.command("PUBLISH", activeChannel, retimed(message, text)), 1))
  const watched = [{ name: "ws", pid: server.pid }, { name: "redis", pid: redis.pid }]
  const bareSteps = yield* postSteps({ watched, clock, active, publish }, rates, options)
  return { bareSocket, bareSteps }
})
