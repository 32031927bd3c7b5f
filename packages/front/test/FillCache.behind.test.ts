import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as FillCache from "../src/read/FillCache.ts"
import { kinds, type Row } from "./fillCacheKinds.ts"

describe.each(kinds)("FillCache over slots of $kind, with another behind it,", ({ slots }) => {
  const pictures = 9

  /** A cache with room for two rows, and one behind it with room for all but one; keys above 3 are hot there. */
  const makeWithBehind = Effect.gen(function*() {
    const row = "x".repeat(880)
    const loaded: Array<number> = []
    const kept = new Map<number, { readonly value: Row; readonly until: number; readonly isHot: boolean }>()
    const cache = yield* FillCache.make<number, Row>({
      slots,
      bytesMax: 2_000,
      sizeOf: (value) => value.length,
      millis: 60_000,
      missingMillis: () => 0,
      batchMax: 100,
      loadsMax: 1,
      load: (keys) => Effect.sync(() => (loaded.push(...keys), new Map(keys.map((key) => [key, row])))),
      behind: {
        get: (key) => kept.get(key),
        put: (key, value, until) => {
          if (key !== pictures) kept.set(key, { value, until, isHot: key > 3 })
          return key !== pictures && key <= 3
        },
        delete: (key) => void kept.delete(key),
        clear: () => kept.clear()
      }
    })
    return { cache, kept, loaded, row }
  })

  it.effect("finds what had to make room behind it, and nothing that was dropped since", () =>
    Effect.gen(function*() {
      const { cache, loaded, row } = yield* makeWithBehind
      const all = [0, 1, 2, 3, 4, 5]
      yield* cache.all(all)
      assert.deepStrictEqual(yield* cache.all(all), all.map(() => row))
      assert.deepStrictEqual(loaded, all)
      cache.invalidate(3)
      yield* cache.all(all)
      assert.deepStrictEqual(loaded.slice(6), [3])
      cache.invalidateWhere(() => true)
      yield* cache.all(all)
      cache.clear()
      yield* cache.all(all)
      assert.deepStrictEqual(loaded.slice(7), [...all, ...all])
    }))

  it.effect("keeps in front only what is hot or not kept behind", () =>
    Effect.gen(function*() {
      const { cache, kept, loaded } = yield* makeWithBehind
      for (const key of [pictures, 4, 0]) yield* cache.all([key])
      assert.strictEqual(cache.size(), 2)
      kept.clear()
      for (const key of [pictures, 4, 0]) yield* cache.all([key])
      assert.deepStrictEqual(loaded, [pictures, 4, 0, 0])
    }))

  it.effect("takes from behind it what is hot there", () =>
    Effect.gen(function*() {
      const { cache, kept, loaded } = yield* makeWithBehind
      for (const key of [0, 4, 1, 2, 0, 4]) yield* cache.all([key])
      assert.deepStrictEqual(loaded, [0, 4, 1, 2])
      kept.clear()
      yield* cache.all([4])
      assert.lengthOf(loaded, 4)
      yield* cache.all([0])
      assert.deepStrictEqual(loaded.slice(4), [0])
    }))

  it.effect("is not driven around by more hot keys than have room: one in eight that come from behind is let in", () =>
    Effect.gen(function*() {
      for (const asked of [7, 8]) {
        const { cache, kept, loaded } = yield* makeWithBehind
        for (const key of [4, 5, 6]) yield* cache.all([key])
        for (let n = 0; n < asked; n++) yield* cache.all([4])
        assert.deepStrictEqual(loaded, [4, 5, 6], "all of it came from behind")
        kept.clear()
        yield* cache.all([4])
        assert.deepStrictEqual(loaded.slice(3), asked === 7 ? [4] : [])
      }
    }))
})
