/**
 * The accounts of an import: those that are there, and new ones for the rest. Where there are several datacenters their names are
 * claimed in the world, thousands at once; while whoever gives some of them out cannot be reached the import stops there.
 */
import { AccountId } from "@rookery/domain/Ids"
import * as Claims from "@rookery/front/home/Claims"
import type { World } from "@rookery/front/home/World"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { ClaimStore } from "@rookery/store/ClaimStore"
import { IdSource } from "@rookery/store/IdSource"
import * as bulk from "@rookery/store/postgres/import"
import { Effect } from "effect"
import { AdminError } from "./AdminError.ts"

export interface People {
  readonly ids: IdSource["Service"]
  readonly directory: ShardDirectory.ShardDirectory
  /** Undefined where there is one datacenter alone. */
  readonly claiming: { readonly claims: ClaimStore["Service"]; readonly world: World } | undefined
}

/** Until the scope closes it also answers what became of names: of those that an import left which was stopped, no front may be there to ask. */
export const make = Effect.fnUntraced(function*(world: World | undefined) {
  const ids = yield* IdSource
  const directory = yield* ShardDirectory.make
  if (world === undefined) return { ids, directory, claiming: undefined } satisfies People
  const claiming = { claims: yield* ClaimStore, world }
  yield* Claims.serve(claiming)
  return { ids, directory, claiming } satisfies People
})

/** Names in a message for people. */
const NAMED = 5

const some = (names: ReadonlyArray<string>): string =>
  names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ` and ${names.length - NAMED} more` : "")

const STAYS = "what was imported before stays, and the same command goes on from there"

const isElsewhere = (names: ReadonlyArray<string>) =>
  new AdminError({ message: `accounts of other datacenters are named ${some(names)}: import the graph where they live, or number its people otherwise; ${STAYS}` })

const areTaken = (names: ReadonlyArray<string>) =>
  new AdminError({
    message: `${some(names)}: these names are taken in another datacenter, or were being claimed by an import that was stopped less than a minute ago; ${STAYS}`
  })

const isAway = ({ datacenter, reason }: { readonly datacenter: string; readonly reason: string }) =>
  new AdminError({
    message: `the datacenter ${datacenter}, which gives out some of the names, does not answer (${reason}): start it or mend the link ("rookery datacenters status"); ${STAYS}`
  })

const mint = ({ directory, ids }: People, usernames: ReadonlyArray<string>) =>
  Effect.map(ids.mintMany(usernames.length), (minted) =>
    usernames.map((username, i): bulk.ImportAccount => ({
      id: AccountId.make(minted[i]!),
      shard: directory.shardOf(`${minted[i]!}`),
      username
    })))

const createClaimed = (people: People, claiming: NonNullable<People["claiming"]>, usernames: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const rows = yield* mint(people, usernames)
    const made = yield* Effect.catchTag(Claims.createMany(claiming, rows, bulk.importBegun(rows)), "Unanswered", isAway)
    if ("_tag" in made) return yield* areTaken(made.usernames)
    if (made.length < rows.length) return yield* new AdminError({ message: `claiming names took too long; ${STAYS}` })
    return made
  })

/** The accounts of these names, in any order. At most 10,000, each name once. */
export const resolve = (people: People, usernames: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { claiming } = people
    if (claiming === undefined) return yield* Effect.flatMap(mint(people, usernames), (rows) => bulk.importAccounts(rows))
    const known = yield* bulk.accountsNamed(usernames)
    const elsewhere = known.filter(({ remote }) => remote).map(({ username }) => username)
    if (elsewhere.length > 0) return yield* isElsewhere(elsewhere)
    const standing = new Set(known.map(({ username }) => username.toLowerCase()))
    const fresh = usernames.filter((username) => !standing.has(username))
    return fresh.length === 0 ? known : [...known, ...yield* createClaimed(people, claiming, fresh)]
  })
