/** A crowd that likes one post, each person once, while some of those who did take it back; and what is true of it at the end. */
import { SqlClient } from "effect/sql"
import * as Client from "@rookery/store/postgres/client"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Redacted } from "effect"

export interface Act {
  readonly person: number
  readonly liked: boolean
}

/** People are indices; those whose like is acknowledged may take it back, once. */
export const makeCrowd = (people: number, unlikeShare: number, seed: number) => {
  const random = Seeded.make(seed)
  const likers: Array<number> = []
  const liking = new Set<number>()
  let next = 0
  let unsure = 0
  const takeLiker = (): number => {
    const at = random.int(likers.length)
    const person = likers[at]!
    likers[at] = likers[likers.length - 1]!
    likers.pop()
    return person
  }
  return {
    /** Undefined when everybody has liked it. */
    next: (): Act | undefined => {
      if (likers.length > 0 && random.chance(unlikeShare)) return { person: takeLiker(), liked: false }
      return next < people ? { person: next++, liked: true } : undefined
    },
    settle: ({ liked, person }: Act, isGood: boolean): void => {
      if (!isGood) unsure++
      else if (!liked) liking.delete(person)
      else {
        liking.add(person)
        likers.push(person)
      }
    },
    /** Whose like stands, by what was acknowledged. */
    liking: (): ReadonlySet<number> => liking,
    /** Acts without an answer that says what came of them. */
    unsure: () => unsure
  }
}
export type Crowd = ReturnType<typeof makeCrowd>

/** What the database, the API and the answers say of one post. */
export interface Truth {
  readonly counter: number
  readonly set: number
  readonly api: number
  readonly acknowledged: number
  readonly unsure: number
  /** The same people, not only as many. */
  readonly isSameSet: boolean
}

/** All agree; acts without an answer may have happened or not. */
export const isExact = ({ acknowledged, api, counter, isSameSet, set, unsure }: Truth): boolean =>
  counter === set && api === set && (unsure === 0 ? isSameSet : Math.abs(set - acknowledged) <= unsure)

export const countsOf = (postgresUrl: string, post: bigint) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [counter] = yield* sql<{ likes: number }>`SELECT likes FROM post_counts WHERE post_id = ${post}`
    const rows = yield* sql<{ account: bigint }>`SELECT account FROM likes WHERE post_id = ${post}`
    return { counter: counter?.likes ?? 0, accounts: new Set(rows.map((row) => row.account)) }
  }).pipe(Effect.provide(Client.operatorLayer({ url: Redacted.make(postgresUrl), applicationName: "bench" })))
