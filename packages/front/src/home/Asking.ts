/** Questions to another datacenter, typed; and who cannot be asked. */
import * as HomeAsks from "@rookery/protocol/HomeAsks"
import { Effect, Schema, type Scope } from "effect"
import type { LinkError } from "@rookery/bus/Links"
import * as World from "./World.ts"

/** How long an answer may take, in milliseconds: a request waits for it. */
const askMillis = 3_000

/** A datacenter does not answer; what was asked may have been done. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", {
  datacenter: Schema.String,
  reason: Schema.String
}) {}

export const ask = <Q, A>(world: World.World, home: number, kind: HomeAsks.Kind<Q, A>, question: Q): Effect.Effect<A, Unanswered> => {
  const datacenter = World.nameOf(world, home)
  const unanswered = (reason: string) => new Unanswered({ datacenter, reason })
  return world.links.ask(datacenter, kind.name, HomeAsks.encode(kind.question, question), askMillis).pipe(
    Effect.mapError(({ reason }) => unanswered(reason)),
    Effect.flatMap((data) => Effect.mapError(HomeAsks.decode(kind.answer, data), unanswered))
  )
}

/** Answers such questions until the scope closes; `from` is the number of the datacenter that asks. */
export const answer = <Q, A>(
  world: World.World,
  kind: HomeAsks.Kind<Q, A>,
  handle: (question: Q, from: number) => Effect.Effect<A, unknown>
): Effect.Effect<void, LinkError, Scope.Scope> =>
  world.links.answer(kind.name, (data, from) =>
    Effect.gen(function*() {
      const question = yield* HomeAsks.decode(kind.question, data)
      const told = yield* Effect.mapError(handle(question, world.datacenters.names.indexOf(from)), asReason)
      return HomeAsks.encode(kind.answer, told)
    }))

const asReason = (failure: unknown): string => typeof failure === "string" ? failure : `it cannot be told now (${String(failure)})`
