/** Holds a sample of timelines against the plain join. */
import { PgClient } from "@effect/sql-pg"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import type { Member, Reader } from "../cluster/member.ts"

/** Entries compared of each timeline. */
const depth = 40

const onDatabase = <A, E>(postgresUrl: string, use: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.flatMap(PgClient.make({ url: Redacted.make(postgresUrl), maxConnections: 1 }), use)).pipe(
    Effect.provide(Reactivity.layer)
  )

export const outboxRows = (postgresUrl: string) =>
  onDatabase(postgresUrl, (sql) =>
    Effect.map(sql<{ rows: number }>`SELECT count(*)::int AS rows FROM outbox`, (found) => found[0]!.rows))

const joined = (sql: PgClient.PgClient, reader: bigint) =>
  Effect.map(
    sql<{ id: bigint }>`
      SELECT id FROM posts
      WHERE deleted_at IS NULL AND (author = ${reader} OR author IN (SELECT followee FROM follows WHERE follower = ${reader} AND active))
      ORDER BY id DESC LIMIT ${depth}`,
    (rows) => rows.map((row) => row.id)
  )

/** Fails with the first timeline that differs; answers how many were compared. */
export const checkSample = (postgresUrl: string, member: Member, people: ReadonlyArray<Reader>, size: number, seed: number) =>
  onDatabase(postgresUrl, (sql) => {
    const random = Seeded.make(seed)
    const sample = Array.from({ length: Math.min(size, people.length) }, () => random.pick(people))
    const checkOne = Effect.fnUntraced(function*(reader: Reader) {
      const expected = yield* joined(sql, reader.id)
      const found = (yield* member.readOne(reader, depth)).map((entry) => entry.id)
      if (found.length === expected.length && found.every((id, i) => id === expected[i])) return
      const first = expected.findIndex((id, i) => id !== found[i])
      return yield* Effect.fail(
        new Error(`the timeline of ${reader.id} differs from the join at ${first}: ${found[first]} instead of ${expected[first]}`)
      )
    })
    return Effect.as(Effect.forEach(sample, checkOne, { discard: true }), sample.length)
  })
