/** Tests of links that hold in memory and over NATS alike, and what they say to each other. */
import { it } from "@effect/vitest"
import { type Arrival, toAll, toOne } from "@rookery/bus/Links"
import { Effect, Exit, Scope, Stream } from "effect"
import { afterAll, beforeAll, describe } from "vitest"
import { type Ground, inMemory, type LinksService, type Name, overNats, until } from "./linksGround.ts"

export const bytes = (text: string) => new TextEncoder().encode(text)
export const textOf = (data: Uint8Array) => new TextDecoder().decode(data)

let count = 0
/** Ids that no other test of this run has. */
export const parcel = (text: string, to: Name | "all" = "all") => ({
  id: `test-${process.pid}-${count++}`,
  to: to === "all" ? toAll : toOne(to),
  data: bytes(text)
})

/** Reads until the scope closes; acknowledges unless `finish` does otherwise. Texts stand in the order of their coming, again if they came again. */
export const reading = (links: LinksService, origin: Name, finish: (arrival: Arrival) => Effect.Effect<void> = ({ ack }) => ack) =>
  Effect.gen(function*() {
    const texts: Array<string> = []
    yield* links.receive(origin).pipe(
      Stream.runForEach((arrival) => {
        texts.push(textOf(arrival.data))
        return finish(arrival)
      }),
      Effect.forkScoped
    )
    return texts
  })

export const has = (texts: ReadonlyArray<string>, ...wanted: ReadonlyArray<string>) =>
  until(`${wanted.join(" ")} in ${texts.join(" ")}`, () => wanted.every((text) => texts.includes(text)))

export const connected = (links: LinksService, ...others: ReadonlyArray<Name>) =>
  until(`${links.own} sees ${others.join(" ")}`, () => others.every((name) => links.state(name).connected))

const suites: ReadonlyArray<readonly [string, Effect.Effect<Ground, unknown, Scope.Scope>]> = [
  ["in memory", inMemory],
  ["over NATS", overNats]
]

export type Test<G extends Ground = Ground> = (name: string, body: (ground: G) => Effect.Effect<void, unknown, Scope.Scope>) => void

/** Tests on one ground, which is there from the first of them to the last. */
export const onGround = <G extends Ground>(
  what: string,
  makeGround: Effect.Effect<G, unknown, Scope.Scope>,
  tests: (test: Test<G>, ground: () => G) => void
): void => {
  describe.each([what])("%s", () => {
    let ground: G
    let scope: Scope.Closeable
    beforeAll(async () => {
      scope = await Effect.runPromise(Scope.make())
      ground = await Effect.runPromise(Scope.provide(makeGround, scope))
    }, 60_000)
    afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    tests((name, body) => it.live(name, () => Effect.scoped(Effect.suspend(() => body(ground))), 120_000), () => ground)
  })
}

/** The same tests on a ground in memory and on one of real servers. */
export const onBothGrounds = (what: string, tests: (test: Test) => void): void => {
  for (const [where, makeGround] of suites) onGround(`${what} ${where}`, makeGround, tests)
}
