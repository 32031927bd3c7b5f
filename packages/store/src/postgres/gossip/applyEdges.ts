/** Follows, answers, blocks and likes across datacenters: the newest of each record, and what the pairs come to. */
import type { AccountId } from "@rookery/domain/Ids"
import type { AnswerFact, BlockFact, FollowFact, LikeFact } from "@rookery/domain/GossipFact"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { kind, withdrawn } from "../notices.ts"
import { bools, int2s, int8s } from "../statement.ts"
import type { FactSet } from "./factSet.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

type Pair = readonly [one: bigint, other: bigint]

const pairColumns = (pairs: ReadonlyArray<Pair>) => [int8s(pairs.map(([one]) => one)), int8s(pairs.map(([, other]) => other))] as const

const versionsOf = (facts: ReadonlyArray<{ readonly version: number }>) => int8s(facts.map((fact) => BigInt(fact.version)))

const activeOf = (facts: ReadonlyArray<{ readonly active: boolean }>) => bools(facts.map((fact) => fact.active))

const follows = (sql: SqlClient.SqlClient, facts: ReadonlyArray<FollowFact>) => {
  const [followers, followees] = pairColumns(facts.map((fact) => [fact.follower, fact.followee]))
  return sql`
    INSERT INTO remote_follows AS r (follower, followee, version, active, asked)
    SELECT * FROM unnest(${followers}, ${followees}, ${versionsOf(facts)}, ${activeOf(facts)},
      ${bools(facts.map((fact) => fact.asked))}) ORDER BY 1, 2
    ON CONFLICT (follower, followee) DO UPDATE SET version = excluded.version, active = excluded.active, asked = excluded.asked
    WHERE r.version < excluded.version`
}

const answers = (sql: SqlClient.SqlClient, facts: ReadonlyArray<AnswerFact>) => {
  const [followers, followees] = pairColumns(facts.map((fact) => [fact.follower, fact.followee]))
  return sql`
    INSERT INTO remote_follows AS r (follower, followee, answer_version, verdict)
    SELECT * FROM unnest(${followers}, ${followees}, ${versionsOf(facts)}, ${int2s(facts.map((fact) => fact.verdict))}) ORDER BY 1, 2
    ON CONFLICT (follower, followee) DO UPDATE SET answer_version = excluded.answer_version, verdict = excluded.verdict
    WHERE (r.answer_version, r.verdict) < (excluded.answer_version, excluded.verdict)`
}

/** Answers the far blockers whose block began or ended here. */
const blocks = (sql: SqlClient.SqlClient, facts: ReadonlyArray<BlockFact>): Sql<ReadonlyArray<BlockFact>> =>
  Effect.gen(function*() {
    const [accounts, targets] = pairColumns(facts.map((fact) => [fact.account, fact.target]))
    yield* sql`
      INSERT INTO remote_blocks AS r (account, target, version, active)
      SELECT * FROM unnest(${accounts}, ${targets}, ${versionsOf(facts)}, ${activeOf(facts)}) ORDER BY 1, 2
      ON CONFLICT (account, target) DO UPDATE SET version = excluded.version, active = excluded.active
      WHERE r.version < excluded.version`
    const changed = yield* sql<{ account: bigint; target: bigint }>`
      SELECT * FROM (
        SELECT i.account, i.target, gossip_settle_block(i.account, i.target) AS changed
        FROM unnest(${accounts}, ${targets}) AS i (account, target)
      ) settled WHERE changed`
    const keys = new Set(changed.map((row) => `${row.account} ${row.target}`))
    return facts.filter((fact) => keys.has(`${fact.account} ${fact.target}`))
  })

/** Answers likes that began; those that ended are told of no more. */
const likes = (sql: SqlClient.SqlClient, facts: ReadonlyArray<LikeFact>): Sql<ReadonlyArray<Pair>> => {
  const [accounts, posts] = pairColumns(facts.map((fact) => [fact.account, fact.post]))
  return Effect.map(
    sql<{ account: bigint; post: bigint }>`
      WITH changed AS (
        INSERT INTO remote_likes AS r (account, post_id, version, active)
        SELECT * FROM unnest(${accounts}, ${posts}, ${versionsOf(facts)}, ${activeOf(facts)}) ORDER BY 1, 2
        ON CONFLICT (account, post_id) DO UPDATE SET version = excluded.version, active = excluded.active
        WHERE r.version < excluded.version RETURNING r.account, r.post_id, r.active
      ), ${withdrawn(sql, sql`SELECT p.author, ${kind.favourite}::int, c.account, c.post_id FROM changed c
        JOIN posts p ON p.id = c.post_id WHERE NOT c.active`)}
      SELECT account, post_id AS post FROM changed WHERE active`,
    (rows) => rows.map((row) => [row.account, row.post] as const)
  )
}

const bits = { began: 1, ended: 2, asked: 4, unasked: 8 } as const

export interface Settled {
  /** Pairs of a far follower and an own account that the account is to be told of. */
  readonly followed: ReadonlyArray<Pair>
  readonly requested: ReadonlyArray<Pair>
  readonly liked: ReadonlyArray<Pair>
  /** Far accounts who may be heard again, by somebody who could not. */
  readonly unblocking: ReadonlyArray<AccountId>
  /** Everybody whose relations changed. */
  readonly related: ReadonlyArray<AccountId>
}

const withdraw = (sql: SqlClient.SqlClient, pairs: ReadonlyArray<Pair>, what: number) => {
  const [followers, followees] = pairColumns(pairs)
  return pairs.length === 0 ? Effect.void : sql`
    WITH ${withdrawn(sql, sql`SELECT i.followee, ${what}::int, i.follower, 0::bigint
      FROM unnest(${followers}, ${followees}) AS i (follower, followee)`)} SELECT`
}

/** One pair after the other, each by its records. */
const settle = (sql: SqlClient.SqlClient, pairs: ReadonlyArray<Pair>) =>
  Effect.gen(function*() {
    const [followers, followees] = pairColumns(pairs)
    const rows = yield* sql<{ follower: bigint; followee: bigint; done: number }>`
      SELECT i.follower, i.followee, gossip_settle(i.follower, i.followee) AS done
      FROM unnest(${followers}, ${followees}) AS i (follower, followee)`
    const having = (bit: number) =>
      rows.filter((row) => (row.done & bit) !== 0).map((row): Pair => [row.follower, row.followee])
    yield* withdraw(sql, having(bits.ended), kind.follow)
    yield* withdraw(sql, having(bits.unasked), kind.followRequest)
    const changed = rows.filter((row) => row.done !== 0)
    return { followed: having(bits.began), requested: having(bits.asked), changed }
  })

/** In the order of everybody who changes relations: readers, then authors, each by id. */
const lock = (sql: SqlClient.SqlClient, ids: ReadonlyArray<bigint>) =>
  Effect.andThen(
    sql`SELECT account FROM readers WHERE account = ANY(${int8s(ids)}) ORDER BY account FOR UPDATE`,
    sql`SELECT account FROM authors WHERE account = ANY(${int8s(ids)}) ORDER BY account FOR UPDATE`
  )

/** Each pair that a record is about, once; a block is about both directions. */
const pairsOf = (set: FactSet): ReadonlyArray<Pair> => {
  const pairs = new Map<string, Pair>()
  const add = (one: bigint, other: bigint) => pairs.set(`${one} ${other}`, [one, other])
  for (const fact of [...set.Follow, ...set.Answer]) add(fact.follower, fact.followee)
  for (const fact of set.Block) {
    add(fact.account, fact.target)
    add(fact.target, fact.account)
  }
  return [...pairs.values()]
}

export const edges = (sql: SqlClient.SqlClient, set: FactSet): Sql<Settled> =>
  Effect.gen(function*() {
    const pairs = pairsOf(set)
    let settled: { followed: ReadonlyArray<Pair>; requested: ReadonlyArray<Pair>; changed: ReadonlyArray<{ follower: bigint; followee: bigint }> } =
      { followed: [], requested: [], changed: [] }
    let changedBlocks: ReadonlyArray<BlockFact> = []
    if (pairs.length > 0) {
      yield* lock(sql, [...new Set(pairs.flat())])
      if (set.Follow.length > 0) yield* follows(sql, set.Follow)
      if (set.Answer.length > 0) yield* answers(sql, set.Answer)
      if (set.Block.length > 0) changedBlocks = yield* blocks(sql, set.Block)
      settled = yield* settle(sql, pairs)
    }
    const liked = set.Like.length > 0 ? yield* likes(sql, set.Like) : []
    const touched = [...settled.changed.flatMap((row) => [row.follower, row.followee]), ...changedBlocks.flatMap((fact) => [fact.account, fact.target])]
    return {
      followed: settled.followed,
      requested: settled.requested,
      liked,
      unblocking: changedBlocks.filter((fact) => !fact.active).map((fact) => fact.account),
      related: [...new Set(touched)] as Array<AccountId>
    }
  })
