/** One username asked for in several datacenters at once: in the world it is given to one person at most, also across cuts. */
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { broken } from "../../oracle/world.ts"
import * as People from "../people.ts"
import type { Ground } from "./ground.ts"
import { type Answer, ask, type Outcome, outcomeOf } from "./http.ts"

interface Asked {
  readonly name: string
  readonly outcomes: ReadonlyArray<Outcome>
}

export interface Contest {
  readonly ground: Ground
  readonly tokens: ReadonlyMap<string, string>
  readonly run: string
  readonly asked: Array<Asked>
  /** Names that were asked for so far; several may be under way. */
  held: number
}

/** Refused is only who is told that it is taken. */
const known = (name: string, answer: Answer) => {
  const outcome = outcomeOf(answer)
  return outcome === "refused" && answer.status !== 422
    ? broken("a sign-up is answered as one", { name, status: answer.status, json: answer.json })
    : Effect.succeed(outcome)
}

/** Several ask for the next name, each in a datacenter of their own, through any front. */
export const hold = (contest: Contest, random: Seeded) =>
  Effect.suspend(() => {
    const { asked, ground, run, tokens } = contest
    const name = `${run}_name_${contest.held++}`
    const ways = ground.names.map((home) => ({ home, via: random.chance(0.7) ? home : random.pick(ground.names) }))
    return Effect.forEach(ways, ({ home, via }) =>
      Effect.flatMap(ask(ground, via, {
        home,
        path: "/api/v1/accounts",
        token: tokens.get(home)!,
        body: People.registration(name, home)
      }), (answer) => known(name, answer)), { concurrency: "unbounded" }).pipe(
      Effect.map((outcomes) => void asked.push({ name, outcomes }))
    )
  })

const lookUp = (ground: Ground, name: string) =>
  Effect.forEach(ground.names, (via) =>
    Effect.flatMap(ask(ground, via, { path: `/api/v1/accounts/lookup?acct=${name}` }), ({ json, status }) =>
      status === 200 ? Effect.succeed((json as { readonly id: string }).id)
        : status === 404 ? Effect.succeed(null)
        : broken("a name can be looked up", { via, name, status, json })))

/** Once all is well: at most one has it, one for certain if nobody was left in doubt, and all name the same. */
export const verify = ({ asked, ground }: Contest) =>
  Effect.forEach(asked, ({ name, outcomes }) =>
    Effect.gen(function*() {
      const ids = yield* lookUp(ground, name)
      const given = outcomes.filter((outcome) => outcome === "done").length
      const isGiven = outcomes.includes("unknown") ? given <= 1 : given === 1
      if (!isGiven || new Set(ids).size > 1 || (given === 1 && ids[0] === null)) {
        yield* broken("a username is claimed once in the world", { name, outcomes, ids })
      }
    }), { discard: true })
