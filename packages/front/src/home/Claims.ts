/**
 * Accounts whose names are claimed once in the world: begin at home, reserve where the name is decided, create at home,
 * confirm. A crash between any two of these leaves a reservation; after a minute whoever wants the name has its home
 * asked, and as long as that does not answer the name stays reserved. Names of deleted accounts come back the same way.
 */
import * as Datacenters from "@rookery/domain/Datacenters"
import { AccountId } from "@rookery/domain/Ids"
import * as HomeAsks from "@rookery/protocol/HomeAsks"
import type { AccountRow, NewAccount, Taken } from "@rookery/store/AccountStore"
import type { Claim, ClaimStore } from "@rookery/store/ClaimStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { answer, ask, Unanswered } from "./Asking.ts"
import * as World from "./World.ts"

interface Deps {
  readonly claims: ClaimStore["Service"]
  readonly world: World.World
}

/** From a reservation until its home is asked, in milliseconds. */
const reservedMillis = 60_000

const homeExists = ({ claims, world }: Deps, { account, home, key }: Claim): Effect.Effect<boolean, Unanswered | StoreError> =>
  home === world.datacenters.own
    ? claims.existsOrNever(account, key)
    : Effect.map(ask(world, home, HomeAsks.claimed, { key, account: String(account) }), ({ exists }) => exists)

/** What became of a reservation that ran out: true when its account has the name, or may have it. */
const settle = (deps: Deps, by: Claim): Effect.Effect<boolean, StoreError> =>
  homeExists(deps, by).pipe(
    Effect.catchTag("Unanswered", () => Effect.succeed("unknown" as const)),
    Effect.tap((exists) => exists === true ? deps.claims.confirm(by) : exists === false ? deps.claims.release(by) : Effect.void),
    Effect.map((exists) => exists !== false)
  )

/** Of a name that is decided here; true when the account may have it. */
const reserveHere = (deps: Deps, claim: Claim): Effect.Effect<boolean, StoreError> =>
  Effect.gen(function*() {
    const first = yield* deps.claims.reserve(claim, reservedMillis)
    if (first._tag !== "Overdue" || (yield* settle(deps, first.by))) return first._tag === "Reserved"
    return (yield* deps.claims.reserve(claim, reservedMillis))._tag === "Reserved"
  })

type Step = "reserve" | "confirm" | "release"

const stepHere = (deps: Deps, step: Step, claim: Claim): Effect.Effect<boolean, StoreError> =>
  step === "reserve" ? reserveHere(deps, claim) : Effect.as(deps.claims[step](claim), true)

/** A step of the claim, wherever the name is decided. */
const take = (deps: Deps, step: Step, claim: Claim): Effect.Effect<boolean, Unanswered | StoreError> => {
  const { world } = deps
  const owner = Datacenters.claimedAt(world.datacenters, claim.key)
  if (owner === world.datacenters.own) return stepHere(deps, step, claim)
  const question = { step, key: claim.key, account: String(claim.account) }
  return Effect.map(ask(world, owner, HomeAsks.claim, question), ({ ok }) => ok)
}

/** What is left undone here the next one who wants the name finds out. */
const attempt = (deps: Deps, step: Step, claim: Claim) =>
  Effect.catch(take(deps, step, claim), (error) =>
    Effect.annotateLogs(Effect.logWarning("a claim of a username waits for the next one who wants it", error), { step, key: claim.key }))

const giveUp = (deps: Deps, claim: Claim) =>
  Effect.andThen(Effect.ignore(deps.claims.existsOrNever(claim.account, claim.key)), attempt(deps, "release", claim))

const createReserved = (deps: Deps, account: NewAccount, claim: Claim) =>
  Effect.gen(function*() {
    const made = yield* deps.claims.create(account)
    if (made === "Abandoned") {
      return yield* new Unanswered({ datacenter: World.nameOf(deps.world, deps.world.datacenters.own), reason: "it took too long" })
    }
    yield* typeof made === "string" ? giveUp(deps, claim) : attempt(deps, "confirm", claim)
    return made
  })

/** As the store's `create`. Fails with `Unanswered` when the datacenter that decides about the name cannot be reached. */
export const create = (deps: Deps, account: NewAccount): Effect.Effect<AccountRow | Taken, Unanswered | StoreError> =>
  Effect.gen(function*() {
    const key = yield* deps.claims.begin(account.id, account.username)
    const claim = { key, account: account.id, home: deps.world.datacenters.own }
    const isOurs = yield* Effect.tapError(take(deps, "reserve", claim), () =>
      Effect.ignore(deps.claims.existsOrNever(claim.account, key)))
    if (isOurs) return yield* createReserved(deps, account, claim)
    yield* deps.claims.existsOrNever(claim.account, key)
    return "username"
  })

const accountOf = (text: string): AccountId => AccountId.make(BigInt(text))

/** Nobody claims for accounts of others, nor where a name is not decided. */
const trespass = ({ world: { datacenters } }: Deps, claim: Claim): string | undefined => {
  if (Datacenters.homeOf(datacenters, claim.account) !== claim.home) return "the account is not of the datacenter that asks"
  return Datacenters.claimedAt(datacenters, claim.key) === datacenters.own ? undefined : "the name is decided elsewhere"
}

/** Answers what other datacenters ask about names, until the scope closes. */
export const serve = (deps: Deps) =>
  Effect.andThen(
    answer(deps.world, HomeAsks.claim, ({ account, key, step }, from) => {
      const claim = { key, account: accountOf(account), home: from }
      const problem = trespass(deps, claim)
      return problem === undefined
        ? Effect.map(stepHere(deps, step, claim), (ok) => ({ ok }))
        : Effect.fail(problem)
    }),
    answer(deps.world, HomeAsks.claimed, ({ account, key }) =>
      Datacenters.isOwn(deps.world.datacenters, accountOf(account))
        ? Effect.map(deps.claims.existsOrNever(accountOf(account), key), (exists) => ({ exists }))
        : Effect.fail("the account is not of this datacenter"))
  )
