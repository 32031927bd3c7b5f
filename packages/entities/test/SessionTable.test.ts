import { assert, describe, it } from "@effect/vitest"
import * as EventBatch from "@rookery/protocol/EventBatch"
import { Effect, Queue } from "effect"
import * as SessionTable from "../src/SessionTable.ts"

const notice = (id: bigint, ...people: Array<number>): EventBatch.LiveEvent =>
  ({ kind: EventBatch.kinds.notification, postId: id, authorNo: 0, people })

/** What waits in a front's feed. */
const drain = (feed: Queue.Dequeue<Uint8Array, unknown>) =>
  Effect.map(Queue.clear(feed), (chunks) => chunks.flatMap((chunk) => EventBatch.decode(chunk)))

describe("SessionTable", () => {
  it.effect("hands a notification to every front of its person once, however often it comes", () =>
    Effect.gen(function*() {
      const table = SessionTable.make()
      const [one, two] = [yield* SessionTable.open(table, "one"), yield* SessionTable.open(table, "two")]
      SessionTable.connect(table, 1, "one")
      SessionTable.connect(table, 1, "two")
      SessionTable.connect(table, 2, "one")
      SessionTable.notify(table, [notice(7n, 1), notice(8n, 2), notice(9n, 3)])
      SessionTable.notify(table, [notice(8n, 2), notice(7n, 1)])
      assert.deepStrictEqual(yield* drain(one), [notice(7n, 1), notice(8n, 2)])
      assert.deepStrictEqual(yield* drain(two), [notice(7n, 1)])
    }))

  it.effect("remembers a bounded number of notifications", () =>
    Effect.gen(function*() {
      const table = SessionTable.make()
      SessionTable.notify(table, Array.from({ length: 10_000 }, (_, i) => notice(BigInt(i + 1), 1)))
      assert.strictEqual(table.handed.size, 4_096)
      const feed = yield* SessionTable.open(table, "one")
      SessionTable.connect(table, 1, "one")
      SessionTable.notify(table, [notice(10_000n, 1), notice(10_001n, 1)])
      assert.deepStrictEqual(yield* drain(feed), [notice(10_001n, 1)])
    }))
})
