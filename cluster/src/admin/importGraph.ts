/**
 * Imports a follow graph: accounts named `u<number>`, their edges, and posts if wanted, past the actors and in bulk.
 *
 * Resumable: how far it came is committed with every batch, so whoever was killed starts where the last one ended, and
 * what is there already is left as it is. Posts come in rounds, one of every account, as if all had been writing. Servers
 * that run see by the same progress that something came, and read it.
 */
import { type AccountId, type LocalNo, PostId } from "@rookery/domain/Ids"
import type { Threshold } from "@rookery/domain/FanoutMode"
import type { World } from "@rookery/front/home/World"
import { IdSource } from "@rookery/store/IdSource"
import * as bulk from "@rookery/store/postgres/import"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AdminError } from "./AdminError.ts"
import * as authorMode from "./authorMode.ts"
import * as graphFile from "./graphFile.ts"
import * as importPeople from "./importPeople.ts"
import { makeText } from "./importText.ts"
import * as progressBar from "./progressBar.ts"

export interface Options {
  readonly file: string
  readonly postsPerAccount: number
  readonly postTextBytes: number
  readonly skipBadLines: boolean
  readonly threshold: Threshold
}

export interface Imported {
  readonly accounts: number
  readonly edges: number
  readonly newEdges: number
  readonly posts: number
  readonly skippedLines: number
}

/** Rows of one statement; the bulk functions take no more. */
const BATCH = 10_000
/** All are held in memory, some 100 bytes each. */
const ACCOUNTS_MAX = 10_000_000

interface Account {
  readonly id: AccountId
  readonly no: LocalNo
}

interface Run {
  readonly sql: SqlClient.SqlClient
  readonly ids: IdSource["Service"]
  readonly people: importPeople.People
  readonly options: Options
  readonly survey: graphFile.Survey
  /** By their numbers in the file. */
  readonly accounts: Map<number, Account>
}

/** `world` is there when there are several datacenters: then names are claimed in it. */
export const importGraph = Effect.fnUntraced(function*(options: Options, world: World | undefined) {
  const survey = yield* attempt(options.file, () => graphFile.survey(options.file))
  yield* refuseBroken(survey, options)
  const run: Run = {
    sql: yield* SqlClient.SqlClient,
    ids: yield* IdSource,
    people: yield* importPeople.make(world),
    options,
    survey,
    accounts: new Map()
  }
  const newEdges = yield* importEdges(run)
  yield* promoteCrowded(run)
  const posts = yield* importPosts(run)
  const { accounts } = run
  return { accounts: accounts.size, edges: survey.edges, newEdges, posts, skippedLines: survey.broken } satisfies Imported
})

const attempt = <A>(file: string, run: () => Promise<A>): Effect.Effect<A, AdminError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new AdminError({ message: `cannot read ${file}: ${reasonOf(cause)}` }) })

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  return "code" in cause && cause.code === "ENOENT" ? "no such file" : cause.message
}

const refuseBroken = (survey: graphFile.Survey, options: Options): Effect.Effect<void, AdminError> => {
  const { broken, edges, firstBroken } = survey
  if (edges > 0 && (broken === 0 || options.skipBadLines)) return Effect.void
  const shown = firstBroken.map(({ line, reason, text }) => `  line ${line}: ${reason}: ${JSON.stringify(text)}`)
  const more = broken > firstBroken.length ? [`  and ${broken - firstBroken.length} more`] : []
  return Effect.fail(new AdminError({ message: [headOf(survey, options.file), ...shown, ...more].join("\n") }))
}

const headOf = ({ broken, edges }: graphFile.Survey, file: string): string => {
  const lines = `${broken} broken ${broken === 1 ? "line" : "lines"}`
  if (edges > 0) return `${file} has ${lines}; nothing was imported (--skip-bad-lines leaves them out):`
  return `${file} has no line "follower followee"${broken > 0 ? `, but ${lines}:` : ""}`
}

/** Walks the whole file, since posts need every account; edges of lines that an earlier run committed are not written again. */
const importEdges = Effect.fnUntraced(function*(run: Run) {
  const { options, sql, survey } = run
  const known = yield* bulk.importProgress(survey.hash)
  const firstNew = known?.nextLine ?? 1
  const bar = progressBar.start("edges", survey.lines, 0)
  const edges = graphFile.edges(options.file, options.postsPerAccount > 0 ? 1 : firstNew)
  let changed = 0
  while (true) {
    const batch = yield* attempt(options.file, () => take(edges, BATCH))
    if (batch.length === 0) break
    yield* resolveAccounts(run, batch)
    const nextLine = batch.at(-1)!.line + 1
    const fresh = batch.filter(({ line }) => line >= firstNew).map((edge) => ({
      follower: run.accounts.get(edge.follower)!.id,
      followee: run.accounts.get(edge.followee)!.id
    }))
    if (fresh.length > 0) {
      const write = Effect.tap(bulk.importEdges(fresh), () => bulk.saveImportProgress(survey.hash, { nextLine, finished: false }))
      changed += yield* sql.withTransaction(write)
    }
    bar.at(nextLine - 1)
  }
  yield* bulk.saveImportProgress(survey.hash, { nextLine: survey.lines + 1, finished: true })
  bar.at(survey.lines)
  bar.end()
  return changed
})

const take = async <A>(source: AsyncGenerator<A>, count: number): Promise<Array<A>> => {
  const taken: Array<A> = []
  while (taken.length < count) {
    const next = await source.next()
    if (next.done === true) break
    taken.push(next.value)
  }
  return taken
}

/** Makes the accounts that are new, and learns the ids of all. */
const resolveAccounts = Effect.fnUntraced(function*({ accounts, people }: Run, edges: ReadonlyArray<graphFile.Edge>) {
  const numbers = [...new Set(edges.flatMap(({ followee, follower }) => [follower, followee]))].filter((n) => !accounts.has(n))
  if (accounts.size + numbers.length > ACCOUNTS_MAX) {
    return yield* new AdminError({ message: `more than ${ACCOUNTS_MAX} accounts in one file; import it in parts` })
  }
  for (let at = 0; at < numbers.length; at += BATCH) {
    const part = numbers.slice(at, at + BATCH)
    for (const { id, no, username } of yield* importPeople.resolve(people, part.map((number) => `u${number}`))) {
      accounts.set(Number(username.slice(1)), { id, no })
    }
  }
})

/** An author's mode follows the followers when one follows; nobody did here. A server that runs or starts finds the rest in its outbox. */
const promoteCrowded = Effect.fnUntraced(function*({ options: { threshold }, sql }: Run) {
  const rows = yield* sql<{ username: string }>`
    SELECT username FROM authors JOIN accounts ON id = account
    WHERE followers >= ${threshold.promoteAt} AND mode = 0 AND override = 0`
  yield* Effect.forEach(rows, ({ username }) => authorMode.throughStore(username, "auto", threshold), { discard: true })
})

const importPosts = Effect.fnUntraced(function*(run: Run) {
  const { accounts, options, sql, survey } = run
  if (options.postsPerAccount === 0) return 0
  // A run that goes on where another ended must find everybody in the same place; the database answers in any order.
  const everyone = [...accounts].sort(([one], [other]) => one - other)
  const total = everyone.length * options.postsPerAccount
  const key = `${survey.hash} posts ${options.postsPerAccount} ${options.postTextBytes}`
  const done = yield* bulk.importProgress(key)
  const bar = progressBar.start("posts", total, done?.nextLine ?? 0)
  for (let at = done?.nextLine ?? 0; at < total; at += BATCH) {
    const count = Math.min(BATCH, total - at)
    const ids = yield* run.ids.mintMany(count)
    const posts = ids.map((id, i) => {
      const [number, { id: author, no: authorNo }] = everyone[(at + i) % everyone.length]!
      const round = Math.floor((at + i) / everyone.length)
      return { id: PostId.make(id), author, authorNo, text: makeText(number, round, options.postTextBytes) }
    })
    const progress = { nextLine: at + count, finished: false }
    yield* sql.withTransaction(Effect.andThen(bulk.importPosts(posts), bulk.saveImportProgress(key, progress)))
    bar.at(at + count)
  }
  bar.end()
  if (done?.finished === true) return 0
  const timelines = progressBar.start("timelines", everyone.length, 0)
  for (let at = 0; at < everyone.length; at += BATCH) {
    yield* bulk.outdateReaders(everyone.slice(at, at + BATCH).map(([, { id }]) => id))
    timelines.at(Math.min(everyone.length, at + BATCH))
  }
  timelines.end()
  yield* bulk.saveImportProgress(key, { nextLine: total, finished: true })
  return total - (done?.nextLine ?? 0)
})
