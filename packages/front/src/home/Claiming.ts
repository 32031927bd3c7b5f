/** The steps of claims of usernames, each wherever the names are decided: one message for many. */
import * as Datacenters from "@rookery/domain/Datacenters"
import type { AccountId } from "@rookery/domain/Ids"
import * as HomeAsks from "@rookery/protocol/HomeAsks"
import type { Claim, ClaimStore } from "@rookery/store/ClaimStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { ask, Unanswered } from "./Asking.ts"
import * as World from "./World.ts"

export interface Deps {
  readonly claims: ClaimStore["Service"]
  readonly world: World.World
}

export type Step = "reserve" | "confirm" | "release"

/** From a reservation until its home is asked, in milliseconds. */
const reservedMillis = 60_000

/** Of the claims in one question, as JSON; below what a question may have. */
const questionBytesMax = 48_000
/** A letter is four bytes at most; around it an id, and what JSON needs. */
const bytesOf = ({ key }: Claim): number => 4 * key.length + 64

/** Questions to one datacenter that are under way at once. */
const questionsAtOnce = 4

/** As few parts as a question holds each, in order. */
const inParts = (claims: ReadonlyArray<Claim>): ReadonlyArray<ReadonlyArray<Claim>> => {
  const parts: Array<Array<Claim>> = []
  let bytes = Infinity
  for (const claim of claims) {
    bytes += bytesOf(claim)
    if (bytes > questionBytesMax || parts.at(-1)!.length === HomeAsks.claimsMax) {
      parts.push([])
      bytes = bytesOf(claim)
    }
    parts.at(-1)!.push(claim)
  }
  return parts
}

type Asked = (part: ReadonlyArray<HomeAsks.Claimed>) => Effect.Effect<{ readonly yes: ReadonlyArray<boolean> }, Unanswered>

/** Asks in parts; the answers are in the claims' order. */
const askAll = (world: World.World, home: number, claims: ReadonlyArray<Claim>, question: Asked): Effect.Effect<ReadonlyArray<boolean>, Unanswered> => {
  const askPart = (part: ReadonlyArray<Claim>) =>
    Effect.filterOrFail(
      question(part.map(({ account, key }) => ({ key, account: String(account) }))),
      ({ yes }) => yes.length === part.length,
      () => new Unanswered({ datacenter: World.nameOf(world, home), reason: "another number of answers than of names" })
    )
  return Effect.map(Effect.forEach(inParts(claims), askPart, { concurrency: questionsAtOnce }), (answers) =>
    answers.flatMap(({ yes }) => yes))
}

const exist = ({ claims: store, world }: Deps, home: number, claims: ReadonlyArray<Claim>): Effect.Effect<ReadonlyArray<boolean>, Unanswered | StoreError> =>
  home === world.datacenters.own
    ? store.existsOrNever(claims)
    : askAll(world, home, claims, (part) => ask(world, home, HomeAsks.claimed, { claims: part }))

/** Reservations that ran out are held from now on, or free: their homes say. Those of a home that does not answer stay. */
const settle = (deps: Deps, overdue: ReadonlyArray<Claim>): Effect.Effect<void, StoreError> =>
  Effect.forEach(Map.groupBy(overdue, ({ home }) => home), ([home, claims]) =>
    exist(deps, home, claims).pipe(
      Effect.flatMap((existing) =>
        Effect.andThen(
          deps.claims.confirm(claims.filter((_, i) => existing[i] === true)),
          deps.claims.release(claims.filter((_, i) => existing[i] === false))
        )),
      Effect.catchTag("Unanswered", () => Effect.void)
    ), { discard: true })

/** Of names that are decided here; true where the account may have it. */
const reserveHere = (deps: Deps, claims: ReadonlyArray<Claim>): Effect.Effect<ReadonlyArray<boolean>, StoreError> =>
  Effect.gen(function*() {
    const reserve = deps.claims.reserve(claims, reservedMillis)
    let answers = yield* reserve
    const overdue = answers.flatMap((answer) => answer._tag === "Overdue" ? [answer.by] : [])
    if (overdue.length > 0) {
      yield* settle(deps, overdue)
      answers = yield* reserve
    }
    return answers.map(({ _tag }) => _tag === "Reserved")
  })

export const takeHere = (deps: Deps, step: Step, claims: ReadonlyArray<Claim>): Effect.Effect<ReadonlyArray<boolean>, StoreError> =>
  step === "reserve" ? reserveHere(deps, claims) : Effect.as(deps.claims[step](claims), claims.map(() => true))

const takeAt = (deps: Deps, owner: number, step: Step, claims: ReadonlyArray<Claim>): Effect.Effect<ReadonlyArray<boolean>, Unanswered | StoreError> =>
  owner === deps.world.datacenters.own
    ? takeHere(deps, step, claims)
    : askAll(deps.world, owner, claims, (part) => ask(deps.world, owner, HomeAsks.claim, { step, claims: part }))

/** A step of claims, wherever their names are decided; answers the accounts of which that is so. */
export const take = (deps: Deps, step: Step, claims: ReadonlyArray<Claim>): Effect.Effect<ReadonlySet<AccountId>, Unanswered | StoreError> => {
  const byOwner = Map.groupBy(claims, ({ key }) => Datacenters.claimedAt(deps.world.datacenters, key))
  const atOwner = ([owner, own]: readonly [number, ReadonlyArray<Claim>]) =>
    Effect.map(takeAt(deps, owner, step, own), (yes) => own.flatMap(({ account }, i) => yes[i] === true ? [account] : []))
  // One that fails does not cut the others short: they may have heard already, and are told what follows.
  return Effect.forEach(byOwner, (group) => Effect.exit(atOwner(group)), { concurrency: "unbounded" }).pipe(
    Effect.flatMap((exits) => Effect.forEach(exits, (exit) => exit)),
    Effect.map((taken) => new Set(taken.flat()))
  )
}
