import type { Content } from "@rookery/domain/Content"
import { assert, describe, it } from "@effect/vitest"
import type { AccountId, MediaId, PostId } from "@rookery/domain/Ids"
import { Effect, type Layer, Redacted, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"
import { type CopySettings, CopyStore, defaults } from "../src/CopyStore.ts"
import * as Memory from "../src/memory/CopyStoreMemory.ts"
import * as InRedis from "../src/redis/CopyStoreRedis.ts"

const inRedis = (settings: Partial<CopySettings> = {}) =>
  InRedis.layer({
    ...defaults,
    ...settings,
    url: Redacted.make(inject("redisUrl")),
    keyPrefix: `test ${randomBytes(6).toString("hex")} `
  })
const inMemory = (settings: Partial<CopySettings> = {}) => Memory.layer({ ...defaults, ...settings })

const idOf = (n: number): PostId => (0x7000_0000_0000_0000n + BigInt(n)) as PostId
const content = (n: number, version = 1, text = `text ${n} of version ${version} ✓`): Content => ({
  id: idOf(n),
  version,
  text,
  spoiler: n % 2 === 0 ? "" : "careful",
  language: n % 2 === 0 ? null : "en",
  mentions: n % 2 === 0 ? [] : [{ id: 77n as AccountId, username: "ann" }],
  media: n % 2 === 0 ? [] : [{
    id: 78n as MediaId,
    stem: `00/78-${"0".repeat(32)}`,
    extension: "webp",
    original: { width: 30, height: 20 },
    small: { width: 3, height: 2 },
    blurhash: "L",
    description: null,
    focus: { x: 0.1, y: -0.2 }
  }]
})

const kinds: ReadonlyArray<readonly [string, (settings?: Partial<CopySettings>) => Layer.Layer<CopyStore>]> = [
  ["in memory", inMemory],
  ["in Redis", inRedis]
]

describe.each(kinds)("copies %s", (_, layerOf) => {
  const withCopies = <A, E>(use: (copies: CopyStore["Service"]) => Effect.Effect<A, E>, settings?: Partial<CopySettings>) =>
    Effect.flatMap(CopyStore, use).pipe(Effect.provide(layerOf(settings)))

  it.live("are read as they were put, the newest version of each, until they are dropped", () =>
    withCopies((copies) =>
      Effect.gen(function*() {
        yield* copies.put([content(1), content(2)])
        assert.deepStrictEqual(yield* copies.get([idOf(3), idOf(2), idOf(1)]), new Map([[idOf(2), content(2)], [idOf(1), content(1)]]))
        yield* copies.put([content(1, 3)])
        yield* copies.put([content(1, 2)])
        assert.deepStrictEqual((yield* copies.get([idOf(1)])).get(idOf(1)), content(1, 3))
        yield* copies.drop([idOf(1)])
        assert.deepStrictEqual([...(yield* copies.get([idOf(1), idOf(2)])).keys()], [idOf(2)])
        assert.strictEqual(yield* copies.size, 1)
      })))

  it.live("go when there are too many, those first that are read seldom", () =>
    withCopies((copies) =>
      Effect.gen(function*() {
        yield* copies.put([1, 2, 3].map((n) => content(n)))
        yield* copies.get([idOf(1), idOf(3)])
        yield* copies.get([idOf(3)])
        yield* copies.put([content(4)])
        assert.deepStrictEqual([...(yield* copies.get([1, 2, 3, 4].map(idOf))).keys()].length, 3)
        assert.isUndefined((yield* copies.get([idOf(2)])).get(idOf(2)))
        assert.strictEqual(yield* copies.size, 3)
      }), { copiesMax: 3 }))

  it.live("remember for a while that the owner has none, and forget it when told", () =>
    withCopies((copies) =>
      Effect.gen(function*() {
        yield* copies.put([content(1)])
        yield* copies.putMissing([idOf(1), idOf(2)])
        assert.deepStrictEqual(yield* copies.get([idOf(1), idOf(2)]), new Map([[idOf(1), "missing"], [idOf(2), "missing"]]))
        yield* copies.drop([idOf(2)])
        assert.deepStrictEqual([...(yield* copies.get([idOf(1), idOf(2)])).keys()], [idOf(1)])
        yield* copies.get([idOf(1)]).pipe(Effect.repeat({
          until: (found) => found.size === 0,
          schedule: Schedule.spaced("50 millis"),
          times: 400
        }))
        assert.strictEqual((yield* copies.get([idOf(1)])).size, 0)
      }), { missingMillis: 1_500 }))

  it.live("go when nobody reads them for long", () =>
    withCopies((copies) =>
      Effect.gen(function*() {
        yield* copies.put([content(1), content(2)])
        yield* copies.get([idOf(2)])
        yield* Effect.andThen(copies.put([content(3)]), copies.size).pipe(
          Effect.repeat({ until: (size) => size === 2, schedule: Schedule.spaced("50 millis"), times: 400 })
        )
        assert.isDefined((yield* copies.get([idOf(2)])).get(idOf(2)))
      }), { idleMillis: 300, readMillis: 60_000 }))
})
