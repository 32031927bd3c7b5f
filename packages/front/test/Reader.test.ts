/** Filling pages up around what a viewer may not see, against the plain list. */
import { assert, describe, inject, it } from "@effect/vitest"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import type { Hydrated, Hydration } from "../src/read/Hydration.ts"
import type { Relations } from "../src/read/Rules.ts"
import * as Reader from "../src/read/Reader.ts"

const runs = 60
const idsMax = 700

/** A timeline of `1n…` of which some posts are gone. */
const makeTimeline = (random: Seeded.Seeded) => {
  const share = random.pick([0, 0.02, 0.3, 1])
  const ids = Array.from({ length: random.int(idsMax) }, (_, n) => BigInt(n + 1))
  return { ids, there: new Set(ids.filter(() => random.chance(share))) }
}

const hydrated = (id: bigint) =>
  ({ rendered: { id, visibility: "public" }, author: { row: { disabledAt: null } }, inner: undefined }) as unknown as Hydrated

const inRange = (query: PageQuery, id: bigint): boolean =>
  (query.maxId === undefined || id < query.maxId) && id > query.sinceId && id > query.minId

/** The plain answer: newest first, or those right above `minId`. */
const plain = (ids: ReadonlyArray<bigint>, query: PageQuery): ReadonlyArray<bigint> => {
  const found = ids.filter((id) => inRange(query, id)).toReversed()
  return query.minId > 0n ? found.slice(Math.max(0, found.length - query.limit)) : found.slice(0, query.limit)
}

const queryOf = (random: Seeded.Seeded): PageQuery => ({
  maxId: random.chance(0.5) ? BigInt(random.int(idsMax) + 1) : undefined,
  sinceId: random.chance(0.3) ? BigInt(random.int(idsMax)) : 0n,
  minId: random.chance(0.3) ? BigInt(random.int(idsMax)) : 0n,
  limit: 1 + random.int(40)
})

describe("a page", () => {
  const seed = inject("oracleSeed")
  it.effect(`is what the plain list of visible posts is, in full (seed ${seed})`, () =>
    Effect.gen(function*() {
      const random = Seeded.make(seed)
      for (let run = 0; run < runs; run++) {
        const { ids, there } = makeTimeline(random)
        const hydration = {
          posts: (asked: ReadonlyArray<bigint>) => Effect.succeed(asked.map((id) => there.has(id) ? hydrated(id) : undefined))
        } as unknown as Hydration
        const reader = Reader.make(hydration, { of: () => Effect.succeed(new Map()) }, {} as Relations)
        const query = queryOf(random)
        const page = yield* reader.page(undefined, query, (part) => Effect.succeed(plain(ids, part)))
        const expected = plain(ids.filter((id) => there.has(id)), query)
        const where = `seed ${seed}, run ${run}: ${JSON.stringify({ ...query, maxId: String(query.maxId), sinceId: String(query.sinceId), minId: String(query.minId) })}`
        assert.deepStrictEqual(page.items.map((item) => item.rendered.id), expected, where)
        assert.deepStrictEqual(page.cursors, expected.length === 0 ? undefined : { first: expected[0]!, last: expected.at(-1)! }, where)
      }
    }))
})
