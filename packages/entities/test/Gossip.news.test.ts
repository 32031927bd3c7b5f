import { assert, describe, it } from "@effect/vitest"
import { Bus } from "@rookery/bus/Bus"
import * as BusMemory from "@rookery/bus/memory/BusMemory"
import { TopicEvent, topicSubject } from "@rookery/protocol/BusMessages"
import type { TopicNews } from "@rookery/store/GossipStore"
import { Effect, Queue, Schema, Stream } from "effect"
import * as News from "../src/gossip/News.ts"
import * as World from "./gossipWorld.ts"

const decode = Schema.decodeSync(Schema.fromJsonString(TopicEvent))
const utf8 = new TextDecoder()

const newsOf = (kind: TopicNews["kind"], topics: ReadonlyArray<string>, millis = Date.now()): TopicNews =>
  ({ id: World.idOf(0, millis) as TopicNews["id"], kind, topics, people: [] })

/** What rings and streams were told, as it comes. */
const listening = Effect.gen(function*() {
  const bus = yield* Bus
  const rings: Array<readonly [bigint, ReadonlyArray<string>]> = []
  const events = yield* Queue.unbounded<TopicEvent>()
  const deliveries = yield* bus.subscribe(topicSubject, { bufferMax: 2_000 })
  yield* Effect.forkScoped(Stream.runForEach(deliveries, (delivery) =>
    delivery._tag === "Message" ? Queue.offer(events, decode(utf8.decode(delivery.data))) : Effect.void))
  const tell = yield* News.make(bus, { toRings: (id, topics) => Effect.sync(() => void rings.push([id, topics])) })
  return { events, rings, tell }
})

describe("news of posts elsewhere", () => {
  it.live("come to the rings and streams of their topics", () =>
    Effect.scoped(Effect.gen(function*() {
      const { events, rings, tell } = yield* listening
      const [made, edited, ended] = [newsOf("update", ["*", "#rook"]), newsOf("edit", ["*"]), newsOf("delete", ["*", "#crow"])]
      tell([made, edited, ended])
      const told = yield* Queue.takeN(events, 3)
      assert.deepStrictEqual(told.map(({ kind, postId, topics }) => [kind, postId, topics]), [made, edited, ended].map(({ id, kind, topics }) => [kind, String(id), topics]))
      assert.deepStrictEqual(rings, [[made.id, ["*", "#rook"]], [edited.id, ["*"]]])
    })).pipe(Effect.provide(BusMemory.layer)))

  it.live("leave the streams alone with old posts, and of very many tell first of those with tags", () =>
    Effect.scoped(Effect.gen(function*() {
      const { events, rings, tell } = yield* listening
      const [old, tagged] = [newsOf("update", ["*"], Date.now() - 3_600_000), newsOf("update", ["*", "#rook"])]
      tell([old])
      tell([...Array.from({ length: 2_000 }, () => newsOf("update", ["*"])), tagged])
      const told = yield* Queue.takeN(events, 500)
      assert.strictEqual(told[0]!.postId, String(tagged.id))
      assert.isFalse(told.some(({ postId }) => postId === String(old.id)))
      assert.strictEqual(rings.length, 501)
    })).pipe(Effect.provide(BusMemory.layer)))
})
