/** Applies what one datacenter told, in one transaction. Locks go readers, authors, posts, counts, as everywhere. */
import type { GossipFact } from "@rookery/domain/GossipFact"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Applied } from "../../GossipStore.ts"
import * as Accounts from "./applyAccounts.ts"
import { counts } from "./applyCounts.ts"
import { edges } from "./applyEdges.ts"
import { posts } from "./applyPosts.ts"
import * as Concerns from "./concerns.ts"
import * as FactSet from "./factSet.ts"
import type { Settings } from "./settings.ts"

/** Together with an origin's number the name of the lock that lets one transaction at a time apply what that origin told. */
const applyLock = 721_503_020

/** Nothing of what others told is told on: the triggers keep quiet. */
const begin = (sql: SqlClient.SqlClient, origin: number) =>
  sql`SELECT set_config('rookery.quiet', 'on', true), pg_advisory_xact_lock(${applyLock}::int, ${origin}::int)`

const within = (
  sql: SqlClient.SqlClient,
  settings: Settings,
  origin: number,
  facts: ReadonlyArray<GossipFact>,
  confirmed: boolean
): Effect.Effect<Applied, SqlError.SqlError> =>
  Effect.gen(function*() {
    const set = FactSet.make(facts)
    yield* begin(sql, origin)
    const missing = yield* Accounts.ensure(sql, settings, FactSet.accountsOf(set))
    const settled = yield* edges(sql, set)
    const woken = yield* Accounts.profiles(sql, set.Account)
    yield* Accounts.numbers(sql, set.AccountCounts)
    const posted = yield* posts(sql, settings, set, confirmed)
    yield* counts(sql, origin, set.Counts)
    // Of those who are first named here nothing came before.
    const fresh = new Set(missing)
    const known = woken.filter((id) => !fresh.has(id))
    yield* Concerns.tell(sql, posted.concerning, settled, [...new Set([...known, ...settled.unblocking])])
    const named = new Set(set.Account.map((fact) => fact.id))
    return {
      unknownOld: posted.unknownOld,
      missing: missing.filter((id) => !named.has(id)),
      changedPosts: posted.changed,
      news: posted.news,
      related: settled.related,
      told: posted.told || settled.related.length + settled.liked.length + woken.length + posted.concerning.length > 0
    }
  })

export const apply = (
  sql: SqlClient.SqlClient,
  settings: Settings,
  origin: number,
  facts: ReadonlyArray<GossipFact>,
  confirmed: boolean
): Effect.Effect<Applied, SqlError.SqlError> => sql.withTransaction(within(sql, settings, origin, facts, confirmed))
