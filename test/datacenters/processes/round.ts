/** One round: people of all datacenters act while these are harmed, everything is healed, and all must come to agree with the oracle. */
import * as Seeded from "@rookery/testkit/Seeded"
import { Cause, Effect, Fiber } from "effect"
import * as Plan from "../../oracle/plan.ts"
import { answerSomebody } from "./answers.ts"
import * as Disturb from "./disturb.ts"
import * as Doubt from "./doubt.ts"
import type { Ground } from "./ground.ts"
import * as Listen from "./listen.ts"
import * as Names from "./names.ts"
import { perform } from "./perform.ts"
import * as Society from "./society.ts"
import { verify } from "./verify.ts"

export interface Round {
  /** Begins the names of the round's people. */
  readonly run: string
  readonly seed: number
  /** In this order, each once it is over. */
  readonly faults: ReadonlyArray<Disturb.Kind>
  /** After healing all agree within this time. */
  readonly agreeMillis: number
  /** Told of each step, for who watches a long run. */
  readonly say?: (text: string) => void
}

export interface Report {
  readonly operations: number
  readonly faults: ReadonlyArray<Disturb.Kind>
  /** From healing to the moment at which everything was seen to be right, in milliseconds. */
  readonly agreedMillis: number
  /** How often somebody could not know what came of a request. */
  readonly doubts: number
  /** The longest that anybody waited for an answer, in milliseconds. */
  readonly slowestMillis: number
  readonly done: Readonly<Record<string, number>>
}

const people = 9
/** Between two batches, and between two faults: what is shorter finds nothing under way. */
const batchMillis = 250
const calmMillisMin = 500
const calmMillisMax = 2_500
const healShare = 0.4
/** Whoever asked last has heard by then: no answer takes longer. */
const lookMillis = 250

interface Playing {
  readonly society: Society.Society
  readonly contest: Names.Contest
  readonly listeners: ReadonlyArray<Listen.Listener>
}

/** Until `isOver`: one batch after another, whoever still waits for an answer left out. All have heard in the end. */
const load = ({ contest, society }: Playing, random: Seeded.Seeded, isOver: () => boolean) =>
  Effect.gen(function*() {
    const plan = Plan.make(random.fork(), society.people.length)
    const [ways, answers, names] = [random.fork(), random.fork(), random.fork()]
    const under = new Set<Fiber.Fiber<void, Error>>()
    const begin = (effect: Effect.Effect<void, Error>) =>
      Effect.map(Effect.forkChild(effect), (fiber) => {
        under.add(fiber)
        fiber.addObserver(() => void under.delete(fiber))
      })
    let failed: Effect.Effect<void, Error> = Effect.void
    const noted = (effect: Effect.Effect<void, Error>) =>
      Effect.catch(effect, (error) => Effect.sync(() => void (failed = Effect.fail(error))))
    while (!isOver()) {
      yield* failed
      for (const operation of Plan.nextBatch(plan)) yield* begin(noted(perform(society, operation, ways)))
      if (answers.chance(0.3)) yield* begin(noted(answerSomebody(society, answers)))
      if (names.chance(0.1)) yield* begin(noted(Names.hold(contest, names)))
      yield* Effect.sleep(batchMillis)
    }
    yield* Fiber.awaitAll([...under])
    yield* failed
  })

const disturb = (ground: Ground, { faults, say = () => {} }: Round, random: Seeded.Seeded) =>
  Effect.forEach(faults, (kind) =>
    Effect.gen(function*() {
      yield* Effect.sleep(calmMillisMin + random.int(calmMillisMax - calmMillisMin))
      if (random.chance(healShare)) Disturb.healLinks(ground)
      say(kind)
      yield* Disturb.happen(ground, kind, random)
    }), { discard: true }).pipe(Effect.ensuring(Effect.sync(() => Disturb.healLinks(ground))))

/** Looks again until everything is right, and answers after how long it was. */
const agreement = ({ contest, listeners, society }: Playing, random: Seeded.Seeded, withinMillis: number) =>
  Effect.gen(function*() {
    const healedAt = performance.now()
    yield* Doubt.askAgain(society, random)
    const look = Effect.gen(function*() {
      yield* Doubt.settle(society)
      yield* verify(society, random.fork())
      yield* Names.verify(contest)
      yield* Effect.forEach(listeners, (listener) => Listen.verify(society, listener), { discard: true })
    })
    for (;;) {
      const failure = yield* Effect.match(look, { onFailure: (error) => error, onSuccess: () => undefined })
      const millis = performance.now() - healedAt
      if (failure === undefined) return Math.round(millis)
      if (millis > withinMillis) return yield* Effect.fail(failure)
      yield* Effect.sleep(lookMillis)
    }
  })

const play = (ground: Ground, tokens: ReadonlyMap<string, string>, round: Round) =>
  Effect.gen(function*() {
    const random = Seeded.make(round.seed)
    const society = yield* Society.make(ground, tokens, round.run, people)
    const contest: Names.Contest = { ground, tokens, run: round.run, asked: [], held: 0 }
    const [hearing, loading, harm, looking] = [random.fork(), random.fork(), random.fork(), random.fork()]
    const listeners = yield* Effect.forEach(society.watchers, (watcher) => Listen.start(society, watcher, hearing.fork()))
    yield* Names.hold(contest, looking)
    let isOver = false
    const over = Effect.sync(() => void (isOver = true))
    const playing = { society, contest, listeners }
    yield* Effect.all([load(playing, loading, () => isOver), Effect.ensuring(disturb(ground, round, harm), over)], { concurrency: 2 })
    const { posts, deletes, texts, likes, relations } = society.doubts
    const doubts = posts.size + deletes.size + texts.size + likes.size + relations.size
    round.say?.(`healed, ${doubts} in doubt`)
    const agreedMillis = yield* agreement(playing, looking, round.agreeMillis)
    const operations = Object.values(society.done).reduce((sum, count) => sum + count, 0)
    const report: Report = { operations, faults: round.faults, agreedMillis, doubts, slowestMillis: society.slowestMillis, done: society.done }
    return report
  })

/** Fails with the seed, what was broken, and what the members said. */
export const run = (ground: Ground, tokens: ReadonlyMap<string, string>, round: Round): Effect.Effect<Report> =>
  Effect.scoped(play(ground, tokens, round)).pipe(
    Effect.catchCause((cause) =>
      Effect.die(new Error(`seed ${round.seed}, ${round.faults.join(" ")}: run again with ROOKERY_SEED=${round.seed}\n${Cause.pretty(cause)}\n${ground.said()}`)))
  )
