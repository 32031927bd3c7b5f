/** Likes at fixed arrival rates, one after the other, until their notifications no longer come as fast as they are made. */
import { Effect } from "effect"
import { say } from "../cluster/BenchCluster.ts"
import * as Histogram from "../harness/Histogram.ts"
import { coresOf, processCpu, type Watched } from "../harness/processCpu.ts"
import { settled } from "../live/sockets.ts"
import { followsShare, type Pace, paced, type Paced } from "../load/paced.ts"
import { type Ledger, nothingSeen, type Pair, type Seen } from "./likes.ts"

export interface Step extends Paced {
  readonly rate: number
  readonly seconds: number
  readonly acknowledged: Histogram.Summary
  readonly fromDue: Histogram.Summary
  readonly fromDurable: Histogram.Summary
  readonly failed: number
  readonly frames: number
  readonly framesInTime: number
  /** Acknowledged, and not on its socket seconds after the last frame. */
  readonly missing: number
  /** Cores in use, by process; this one, which sends and listens, is "generator". */
  readonly cpu: Readonly<Record<string, number>>
}

/** One system under test. */
export interface Side {
  readonly watched: ReadonlyArray<Watched>
  readonly ledger: Ledger
  readonly slots: number
  readonly next: () => Pair | undefined
  /** Makes the like and its notification durable; `onEnd` hears whether it was acknowledged. */
  readonly like: (slot: number, pair: Pair, onEnd: (isGood: boolean) => void) => void
}

/** Gets frames of whichever step runs. */
export interface Hearing {
  seen: Seen
  from: number
  to: number
}

export const hearing = (): Hearing => ({ seen: nothingSeen(), from: Infinity, to: 0 })

const warmSeconds = 2
const quietSeconds = 4

/** Begins one like; what was due before the counting began is not counted. */
const begin = (side: Side, heard: Hearing): Pace["begin"] => (slot, at, done) => {
  const pair = side.next()
  if (pair === undefined) return false
  const { seen } = heard
  side.ledger.send(pair, at)
  side.like(slot, pair, (isGood) => {
    if (!isGood) {
      seen.failed++
      side.ledger.refuse(pair)
    } else if (at >= heard.from) Histogram.record(seen.acknowledged, performance.now() - at)
    done()
  })
  return true
}

const runStep = Effect.fnUntraced(function*(side: Side, heard: Hearing, rate: number, seconds: number, seed: number) {
  const started = performance.now()
  heard.seen = nothingSeen()
  heard.from = started + warmSeconds * 1000
  heard.to = heard.from + seconds * 1000
  const before = yield* processCpu(side.watched)
  const run = yield* paced({ rate, warmSeconds, seconds, slots: side.slots, seed, begin: begin(side, heard) })
  const after = yield* processCpu(side.watched)
  const cpu = coresOf(before, after, (performance.now() - started) / 1000)
  yield* settled(() => -side.ledger.missing(), () => 0, quietSeconds)
  const { seen } = heard
  const step: Step = {
    ...run,
    rate,
    seconds,
    acknowledged: Histogram.summary(seen.acknowledged),
    fromDue: Histogram.summary(seen.fromDue),
    fromDurable: Histogram.summary(seen.fromDurable),
    failed: seen.failed,
    frames: seen.frames,
    framesInTime: seen.framesInTime,
    missing: side.ledger.missing(),
    cpu
  }
  yield* say(`${rate}/s: ${Math.round(seen.framesInTime / seconds)}/s on their sockets, ` +
    `p50 ${step.fromDue.p50.toFixed(1)} ms, p99 ${step.fromDue.p99.toFixed(1)} ms, ${step.missing} missing, ${seen.failed} refused`)
  return step
})

export const follows = (step: Step): boolean => step.framesInTime >= step.due * followsShare && step.unsent === 0

/** Ends with the first rate that saturates the side. A few likes first, which do not count: code is compiled, caches fill. */
export const steps = Effect.fnUntraced(function*(
  side: Side,
  heard: Hearing,
  rates: ReadonlyArray<number>,
  seconds: number,
  seed: number
) {
  yield* runStep(side, heard, Math.min(...rates), seconds / 2, seed)
  const done: Array<Step> = []
  for (const rate of rates) {
    const step = yield* runStep(side, heard, rate, seconds, seed + done.length + 1)
    done.push(step)
    if (!follows(step)) break
  }
  return done
})
