/** One round: people of all datacenters act while these are harmed, everything is healed, and all must come to agree with the oracle. */
import * as Replay from "@rookery/testkit/Replay"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, FiberSet } from "effect"
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
  readonly replay: Replay.Replay
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
/** Between two batches, and between two faults, in milliseconds. */
const batchMillis = 250
const calmMillisMin = 500
const calmMillisMax = 2_000
const healShare = 0.4
const lookMillis = 250

interface Playing {
  readonly society: Society.Society
  readonly contest: Names.Contest
  readonly listeners: ReadonlyArray<Listen.Listener>
}

/** Until `isOver`, one batch after another, whoever still waits for an answer left out. All have heard in the end; the first broken promise ends it. */
const load = ({ contest, society }: Playing, random: Seeded.Seeded, isOver: () => boolean) =>
  Effect.gen(function*() {
    const plan = Plan.make(random.fork(), society.people.length)
    const [ways, answers, names] = [random.fork(), random.fork(), random.fork()]
    const under = yield* FiberSet.make<void, Error>()
    const batch = Effect.gen(function*() {
      const acts = Plan.nextBatch(plan).map((operation) => perform(society, operation, ways))
      if (answers.chance(0.3)) acts.push(answerSomebody(society, answers))
      if (names.chance(0.1)) acts.push(Names.hold(contest, names))
      yield* Effect.forEach(acts, (act) => FiberSet.run(under, act), { discard: true })
      yield* Effect.sleep(batchMillis)
    })
    const batches = Effect.whileLoop({ while: () => !isOver(), body: () => batch, step: () => {} })
    yield* Effect.raceFirst(Effect.andThen(batches, FiberSet.awaitEmpty(under)), FiberSet.join(under))
  })

const disturb = (ground: Ground, { faults, say = () => {} }: Round, random: Seeded.Seeded) =>
  Effect.forEach(faults, (kind) =>
    Effect.gen(function*() {
      yield* Effect.sleep(calmMillisMin + random.int(calmMillisMax - calmMillisMin))
      if (random.chance(healShare)) Disturb.healLinks(ground)
      say(kind)
      yield* Disturb.happen(ground, kind, random)
    }), { discard: true }).pipe(Effect.ensuring(Effect.sync(() => Disturb.healLinks(ground))))

interface Healed {
  /** By `performance.now()`. */
  readonly at: number
  /** All agree by then. */
  readonly agreeMillis: number
}

/** Looks again until everything is right, and answers how long after healing it was. */
const agreement = ({ contest, listeners, society }: Playing, random: Seeded.Seeded, healed: Healed) =>
  Effect.gen(function*() {
    yield* Doubt.askAgain(society, random)
    const look = Effect.gen(function*() {
      yield* Doubt.settle(society)
      yield* verify(society, random.fork())
      yield* Names.verify(contest)
      yield* Effect.forEach(listeners, (listener) => Listen.verify(society, listener), { discard: true })
    })
    for (;;) {
      const failure = yield* Effect.match(look, { onFailure: (error) => error, onSuccess: () => undefined })
      const millis = performance.now() - healed.at
      if (failure === undefined) return Math.round(millis)
      if (millis > healed.agreeMillis) return yield* Effect.fail(failure)
      yield* Effect.sleep(lookMillis)
    }
  })

const play = (ground: Ground, tokens: ReadonlyMap<string, string>, round: Round) =>
  Effect.gen(function*() {
    const random = Seeded.make(round.replay.seed)
    const society = yield* Society.make(ground, tokens, round.run, people)
    const contest: Names.Contest = { ground, tokens, run: round.run, asked: [], held: 0 }
    const [hearing, loading, harm, looking] = [random.fork(), random.fork(), random.fork(), random.fork()]
    const listeners = yield* Effect.forEach(society.watchers, (watcher) => Listen.start(society, watcher, hearing.fork()))
    yield* Names.hold(contest, looking)
    let healedAt: number | undefined
    const healed = Effect.sync(() => void (healedAt = performance.now()))
    const playing = { society, contest, listeners }
    yield* Effect.all([load(playing, loading, () => healedAt !== undefined), Effect.ensuring(disturb(ground, round, harm), healed)], { concurrency: 2 })
    const { posts, deletes, texts, likes, relations } = society.doubts
    const doubts = posts.size + deletes.size + texts.size + likes.size + relations.size
    round.say?.(`healed, ${doubts} in doubt`)
    const agreedMillis = yield* agreement(playing, looking, { at: healedAt!, agreeMillis: round.agreeMillis })
    const operations = Object.values(society.done).reduce((sum, count) => sum + count, 0)
    const report: Report = { operations, faults: round.faults, agreedMillis, doubts, slowestMillis: society.slowestMillis, done: society.done }
    return report
  })

/** Fails with the seed, what was broken, and what the members said. */
export const run = (ground: Ground, tokens: ReadonlyMap<string, string>, round: Round): Effect.Effect<Report> =>
  Replay.named(round.replay, Effect.scoped(play(ground, tokens, round)), () => round.faults.join(" "), () => `\n${ground.said()}`)
