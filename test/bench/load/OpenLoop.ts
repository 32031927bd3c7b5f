/**
 * Sends requests at times that are fixed beforehand. When the server falls behind, the requests wait here and
 * their waiting counts: a closed loop would send less and call it fast (coordinated omission).
 */
import * as Seeded from "@rookery/testkit/Seeded"
import * as Histogram from "../harness/Histogram.ts"
import * as Http from "./HttpConnection.ts"
import { type Kind, type KindResult, kinds, type LoadPlan, type LoadResult } from "./Plan.ts"
import { faultOf, makeRequests } from "./requests.ts"

interface Due {
  readonly kind: Kind
  /** When it was meant to be sent, in milliseconds of `performance.now()`. */
  readonly at: number
  readonly bytes: Buffer
}

/** Requests that wait for a connection at most, in seconds of the planned rate; what exceeds it counts as unsent. */
const queueSecondsMax = 5
/** One answer in so many is looked into. */
const sampleEvery = 64
const faultsMax = 10
/** How long the last answers are waited for after the end. */
const drainMillis = 10_000
const tickMillis = 1
/** Places at the front of the queue that are used up before it is cut. */
const usedMax = 4_096

interface Tally {
  readonly latency: Histogram.Histogram
  good: number
  bad: number
}

interface Run {
  readonly plan: LoadPlan
  readonly start: number
  readonly measureFrom: number
  readonly end: number
  readonly tallies: Readonly<Record<Kind, Tally>>
  readonly statuses: Record<string, number>
  readonly faults: Set<string>
  readonly idle: Array<Http.HttpConnection>
  readonly queue: Array<Due>
  /** The first place of the queue that is not used up. */
  head: number
  underWay: number
  answered: number
  refused: number
  goodInTime: number
}

const newTally = (): Tally => ({ latency: Histogram.make(), good: 0, bad: 0 })

const makeRun = (plan: LoadPlan): Run => {
  const start = performance.now()
  const measureFrom = start + plan.warmSeconds * 1000
  return {
    plan,
    start,
    measureFrom,
    end: measureFrom + plan.seconds * 1000,
    tallies: { home: newTally(), user: newTally(), post: newTally() },
    statuses: {},
    faults: new Set(),
    idle: Array.from({ length: plan.connections }, () => Http.open(plan.port)),
    queue: [],
    head: 0,
    underWay: 0,
    answered: 0,
    refused: 0,
    goodInTime: 0
  }
}

const look = (run: Run, kind: Kind, body: Buffer): void => {
  if (run.answered++ % sampleEvery !== 0 || run.faults.size >= faultsMax) return
  const fault = faultOf(kind, body)
  if (fault !== undefined) run.faults.add(fault)
}

const settle = (run: Run, due: Due, answer: Http.HttpAnswer | undefined): void => {
  const now = performance.now()
  const status = answer?.status ?? 0
  const isGood = status >= 200 && status < 300
  if (isGood) look(run, due.kind, answer!.body)
  if (isGood && now >= run.measureFrom && now < run.end) run.goodInTime++
  if (due.at < run.measureFrom) return
  run.statuses[status] = (run.statuses[status] ?? 0) + 1
  const tally = run.tallies[due.kind]
  tally[isGood ? "good" : "bad"]++
  Histogram.record(tally.latency, now - due.at)
}

const takeNext = (run: Run): Due | undefined => {
  const due = run.queue[run.head]
  if (due === undefined) return undefined
  if (++run.head > usedMax) {
    run.queue.splice(0, run.head)
    run.head = 0
  }
  return due
}

/** Sends what waits, one after the other, until nothing does. */
const sendFrom = (run: Run, connection: Http.HttpConnection): void => {
  const due = takeNext(run)
  if (due === undefined) {
    run.idle.push(connection)
    return
  }
  run.underWay++
  connection.send(due.bytes, (answer) => {
    run.underWay--
    settle(run, due, answer)
    sendFrom(run, connection)
  })
}

const waiting = (run: Run): number => run.queue.length - run.head

const resultOf = (run: Run, cpuBefore: NodeJS.CpuUsage): LoadResult => {
  const cpu = process.cpuUsage(cpuBefore)
  const ofKind = (kind: Kind): KindResult => {
    const { bad, good, latency } = run.tallies[kind]
    return { latency: Histogram.summary(latency), good, bad }
  }
  return {
    kinds: Object.fromEntries(kinds.map((kind) => [kind, ofKind(kind)])) as Record<Kind, KindResult>,
    goodPerSecond: run.goodInTime / run.plan.seconds,
    unsent: waiting(run) + run.refused,
    faults: [...run.faults],
    statuses: run.statuses,
    generatorCpu: (cpu.user + cpu.system) / 1000 / (performance.now() - run.start)
  }
}

/** Queues what is due by now; answers when the next is. */
const makeEnqueue = (run: Run) => {
  const random = Seeded.make(run.plan.seed)
  const next = makeRequests(run.plan, random.fork())
  const queueMax = run.plan.rate * queueSecondsMax
  let dueAt = run.start
  return (now: number): number => {
    while (dueAt <= now && dueAt < run.end) {
      if (waiting(run) >= queueMax) run.refused++
      else run.queue.push({ ...next(), at: dueAt })
      dueAt += (-Math.log(1 - random.next()) * 1000) / run.plan.rate
    }
    return dueAt
  }
}

export const execute = (plan: LoadPlan): Promise<LoadResult> =>
  new Promise((resolve) => {
    const cpuBefore = process.cpuUsage()
    const run = makeRun(plan)
    const connections = [...run.idle]
    const enqueue = makeEnqueue(run)
    const timer = setInterval(() => {
      const now = performance.now()
      const dueAt = enqueue(now)
      while (run.idle.length > 0 && waiting(run) > 0) sendFrom(run, run.idle.pop()!)
      const isDone = dueAt >= run.end && waiting(run) === 0 && run.underWay === 0
      if (!isDone && now <= run.end + drainMillis) return
      clearInterval(timer)
      for (const connection of connections) connection.close()
      resolve(resultOf(run, cpuBefore))
    }, tickMillis)
  })
