/**
 * A database of its own for every test that needs one.
 *
 * The first test of a run migrates a template; every database is a copy of it, made in some 30 ms. Databases are dropped
 * with the scope; templates go with the run's server.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import type { SqlError } from "effect/sql"
import { randomBytes } from "node:crypto"

export interface Options<E> {
  /** A superuser's address, from `inject("postgresUrl")`. */
  readonly serverUrl: string
  /** Names the template: lower-case letters, digits and `_`, at most 40. One name, one `migrate`. */
  readonly template: string
  /** Brings an empty database to the schema that the test needs. Must have closed its connections when it succeeds. */
  readonly migrate: (url: string) => Effect.Effect<unknown, E>
}

/** Makes a database and yields its address. Runs on the real clock: use it in `it.live` and hooks. */
export const make = <E>(options: Options<E>): Effect.Effect<string, E | SqlError.SqlError, Scope.Scope> => {
  const database = `test_${randomBytes(8).toString("hex")}`
  const create = onServer(options.serverUrl, (sql) =>
    Effect.andThen(
      prepareTemplate(sql, options),
      sql`CREATE DATABASE ${sql(database)} TEMPLATE ${sql(templateName(options))}`
    ))
  const drop = onServer(options.serverUrl, (sql) => sql`DROP DATABASE IF EXISTS ${sql(database)} WITH (FORCE)`)
  return Effect.acquireRelease(create, () => Effect.orDie(drop)).pipe(
    Effect.as(databaseUrl(options.serverUrl, database))
  )
}

const templateName = (options: { readonly template: string }): string => `template_${options.template}`

const databaseUrl = (serverUrl: string, database: string): string => {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}

/**
 * Makes the template unless it is there. Test files run in several processes: an advisory lock lets one of them make it.
 * It is built under another name, so that a migration that failed leaves no half-made template.
 */
const prepareTemplate = <E>(sql: PgClient.PgClient, options: Options<E>) => {
  const name = templateName(options)
  const draft = `${name}_draft`
  const build = Effect.gen(function*() {
    const found = yield* sql`SELECT 1 FROM pg_database WHERE datname = ${name}`
    if (found.length > 0) return
    yield* sql`DROP DATABASE IF EXISTS ${sql(draft)} WITH (FORCE)`
    yield* sql`CREATE DATABASE ${sql(draft)}`
    yield* options.migrate(databaseUrl(options.serverUrl, draft))
    yield* sql`ALTER DATABASE ${sql(draft)} RENAME TO ${sql(name)}`
  })
  return Effect.acquireUseRelease(
    sql`SELECT pg_advisory_lock(hashtext(${name}))`,
    () => build,
    () => Effect.orDie(sql`SELECT pg_advisory_unlock(hashtext(${name}))`)
  )
}

/** Runs statements on one connection: session locks belong to it. */
const onServer = <A, E>(url: string, use: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.flatMap(PgClient.make({ url: Redacted.make(url), maxConnections: 1 }), use)).pipe(
    Effect.provide(Reactivity.layer)
  )
