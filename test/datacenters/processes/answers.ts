/** Locks, answers to requests, and followers let go: whatever comes of them is for the homes to agree on. */
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { type Answer, type Outcome, outcomeOf, type Request } from "./http.ts"
import { asBusy } from "./perform.ts"
import { pairOf, type Society } from "./society.ts"

type Send = (request: Request) => Effect.Effect<Answer, Error>

const outcome = (answer: Effect.Effect<Answer, Error>): Effect.Effect<Outcome, Error> => Effect.map(answer, outcomeOf)

/** One of those who asked to follow, at `share` of all of them. */
const answerOne = (society: Society, id: bigint, accepted: boolean, share: number, send: Send) =>
  Effect.gen(function*() {
    const list = yield* send({ path: "/api/v1/follow_requests" })
    const asking = list.status === 200 ? list.json as ReadonlyArray<{ readonly id: string }> : []
    const asker = asking[Math.floor(share * asking.length)]
    if (asker === undefined) return "refused"
    society.contested.add(pairOf(id, BigInt(asker.id)))
    return yield* outcome(send({ path: `/api/v1/follow_requests/${asker.id}/${accepted ? "authorize" : "reject"}`, method: "POST" }))
  })

export const answerSomebody = (society: Society, random: Seeded): Effect.Effect<void, Error> =>
  Effect.suspend(() => {
    const person = random.pick(society.people)
    const how = random.weighted({ lock: 1, answer: 3, drop: 1 })
    const [accepted, share, dropped] = [random.chance(0.7), random.next(), random.pick(society.people)]
    if (how === "answer") {
      return asBusy(society, person, "Answer", (send) => answerOne(society, person.id, accepted, share, send), random)
    }
    if (how === "lock") {
      society.locked.add(person.id)
      const body = { locked: accepted }
      return asBusy(society, person, "Lock", (send) =>
        outcome(send({ path: "/api/v1/accounts/update_credentials", method: "PATCH", body })), random)
    }
    if (dropped === person) return Effect.void
    society.contested.add(pairOf(person.id, dropped.id))
    const path = `/api/v1/accounts/${dropped.id}/remove_from_followers`
    return asBusy(society, person, "Drop", (send) => outcome(send({ path, method: "POST" })), random)
  })
