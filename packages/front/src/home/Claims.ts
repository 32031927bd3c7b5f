/**
 * Accounts whose names are claimed once in the world: begin at home, reserve where the name is decided, create at home,
 * confirm. A crash between any two of these leaves a reservation; after a minute whoever wants the name has its home
 * asked, and as long as that does not answer the name stays reserved. Names of deleted accounts come back the same way.
 */
import * as Datacenters from "@rookery/domain/Datacenters"
import { AccountId } from "@rookery/domain/Ids"
import * as HomeAsks from "@rookery/protocol/HomeAsks"
import type { AccountRow, NewAccount, Taken } from "@rookery/store/AccountStore"
import type { Claim } from "@rookery/store/ClaimStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { answer, Unanswered } from "./Asking.ts"
import { type Deps, type Step, take, takeHere } from "./Claiming.ts"
import * as World from "./World.ts"

type Person = Pick<NewAccount, "id" | "username">

const begin = ({ claims, world: { datacenters } }: Deps, people: ReadonlyArray<Person>): Effect.Effect<ReadonlyArray<Claim>, StoreError> =>
  Effect.map(claims.begin(people), (keys) => people.map(({ id }, i) => ({ key: keys[i]!, account: id, home: datacenters.own })))

/** What is left undone here the next one who wants the names finds out. */
const attempt = (deps: Deps, step: Step, claims: ReadonlyArray<Claim>) =>
  Effect.catch(take(deps, step, claims), (error) =>
    Effect.annotateLogs(Effect.logWarning("claims of usernames wait for the next one who wants them", error), {
      step,
      names: claims.length,
      first: claims[0]?.key
    }))

/** They will not be created any more. */
const abandon = (deps: Deps, claims: ReadonlyArray<Claim>) => Effect.ignore(deps.claims.existsOrNever(claims))

const giveUp = (deps: Deps, claims: ReadonlyArray<Claim>) => Effect.andThen(abandon(deps, claims), attempt(deps, "release", claims))

const createReserved = (deps: Deps, account: NewAccount, claims: ReadonlyArray<Claim>) =>
  Effect.gen(function*() {
    const made = yield* deps.claims.create(account)
    if (made === "Abandoned") {
      return yield* new Unanswered({ datacenter: World.nameOf(deps.world, deps.world.datacenters.own), reason: "it took too long" })
    }
    yield* typeof made === "string" ? giveUp(deps, claims) : attempt(deps, "confirm", claims)
    return made
  })

/** As the store's `create`. Fails with `Unanswered` when the datacenter that decides about the name cannot be reached. */
export const create = (deps: Deps, account: NewAccount): Effect.Effect<AccountRow | Taken, Unanswered | StoreError> =>
  Effect.gen(function*() {
    const claims = yield* begin(deps, [account])
    const ours = yield* Effect.tapError(take(deps, "reserve", claims), () => abandon(deps, claims))
    if (ours.has(account.id)) return yield* createReserved(deps, account, claims)
    yield* abandon(deps, claims)
    return "username"
  })

/** Names that others have, or are getting; nobody was created. */
export interface TakenNames {
  readonly _tag: "TakenNames"
  readonly usernames: ReadonlyArray<string>
}

/**
 * Claims the names of all these people (10,000 at most), or of none, and has them created, in one transaction that takes up what was
 * begun. Fails with `Unanswered` when a datacenter that decides about some of the names cannot be reached.
 */
export const createMany = <A, E, R>(
  deps: Deps,
  people: ReadonlyArray<Person>,
  create: Effect.Effect<A, E, R>
): Effect.Effect<A | TakenNames, E | Unanswered | StoreError, R> =>
  Effect.gen(function*() {
    const claims = yield* begin(deps, people)
    const ours = yield* Effect.tapError(take(deps, "reserve", claims), () => giveUp(deps, claims))
    const lacking = people.filter(({ id }) => !ours.has(id))
    if (lacking.length > 0) {
      yield* giveUp(deps, claims)
      return { _tag: "TakenNames" as const, usernames: lacking.map(({ username }) => username) }
    }
    const made = yield* Effect.tapError(create, () => giveUp(deps, claims))
    yield* attempt(deps, "confirm", claims)
    return made
  })

const claimOf = (home: number) => ({ account, key }: HomeAsks.Claimed): Claim => ({ key, account: AccountId.make(BigInt(account)), home })

/** Nobody claims for accounts of others, nor where a name is not decided, nor twice at once. */
const trespass = ({ world: { datacenters } }: Deps, claims: ReadonlyArray<Claim>): string | undefined => {
  if (claims.some(({ account, home }) => Datacenters.homeOf(datacenters, account) !== home)) {
    return "the account is not of the datacenter that asks"
  }
  if (new Set(claims.map(({ key }) => key)).size < claims.length) return "a name stands in it twice"
  return claims.every(({ key }) => Datacenters.claimedAt(datacenters, key) === datacenters.own) ? undefined : "the name is decided elsewhere"
}

/** Answers what other datacenters ask about names, until the scope closes. */
export const serve = (deps: Deps) =>
  Effect.andThen(
    answer(deps.world, HomeAsks.claim, ({ claims: asked, step }, from) => {
      const claims = asked.map(claimOf(from))
      const problem = trespass(deps, claims)
      return problem === undefined ? Effect.map(takeHere(deps, step, claims), (yes) => ({ yes })) : Effect.fail(problem)
    }),
    answer(deps.world, HomeAsks.claimed, ({ claims: asked }) => {
      const claims = asked.map(claimOf(deps.world.datacenters.own))
      return claims.every(({ account }) => Datacenters.isOwn(deps.world.datacenters, account))
        ? Effect.map(deps.claims.existsOrNever(claims), (yes) => ({ yes }))
        : Effect.fail("the account is not of this datacenter")
    })
  )
