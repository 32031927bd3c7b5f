/** What a Redis says of its memory. */
import { Effect } from "effect"
import * as OwnRedis from "./ownRedis.ts"
import * as Resp from "./RespClient.ts"

/** For the server to notice that a connection is gone, whose buffers would count. */
const settleMillis = 500

/** Bytes that Redis has taken of its allocator, with what the allocator rounds up to. */
const usedMemory = (port: number) =>
  Effect.gen(function*() {
    yield* Effect.sleep(settleMillis)
    const client = yield* OwnRedis.connect(port)
    const told = yield* Effect.promise(() => client.ask(Resp.command("INFO", "memory")))
    const used = /^used_memory:(\d+)/m.exec(told)?.[1]
    return used === undefined ? yield* Effect.fail(new Error(`Redis does not say what memory it uses: ${told}`)) : Number(used)
  }).pipe(Effect.scoped)

/** Bytes that `work` adds, whose connection is gone before the second look. */
export const addedBytes = (port: number, work: (client: Resp.RespClient) => Promise<void>) =>
  Effect.gen(function*() {
    const before = yield* usedMemory(port)
    yield* Effect.scoped(Effect.flatMap(OwnRedis.connect(port), (client) => Effect.promise(() => work(client))))
    return (yield* usedMemory(port)) - before
  })
