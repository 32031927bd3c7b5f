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

/** Requests that wait for a connection at most, in seconds of the planned rate; more is saturation and ends the run. */
const queueSecondsMax = 5
/** One answer in so many is looked into. */
const sampleEvery = 64
/** How long the last answers are waited for after the end. */
const drainMillis = 10_000
const tickMillis = 1

const newTally = () => ({ latency: Histogram.make(), good: 0, bad: 0 })

export const run = (plan: LoadPlan): Promise<LoadResult> =>
  new Promise((resolve) => {
    const random = Seeded.make(plan.seed)
    const next = makeRequests(plan, random.fork())
    const idle = Array.from({ length: plan.connections }, () => Http.open(plan.port))
    const all = [...idle]
    const queue: Array<Due> = []
    const tallies = { home: newTally(), user: newTally(), post: newTally() }
    const statuses: Record<string, number> = {}
    const faults = new Set<string>()
    const start = performance.now()
    const measureFrom = start + plan.warmSeconds * 1000
    const end = measureFrom + plan.seconds * 1000
    const queueMax = plan.rate * queueSecondsMax
    const cpuBefore = process.cpuUsage()
    let dueAt = start
    let head = 0
    let underWay = 0
    let answered = 0
    let refused = 0
    let goodInTime = 0

    const settle = (due: Due, answer: Http.HttpAnswer | undefined): void => {
      const now = performance.now()
      const status = answer?.status ?? 0
      const isGood = status >= 200 && status < 300
      if (isGood && answered++ % sampleEvery === 0) {
        const fault = faultOf(due.kind, answer!.body)
        if (fault !== undefined && faults.size < 10) faults.add(fault)
      }
      if (isGood && now >= measureFrom && now < end) goodInTime++
      if (due.at < measureFrom) return
      statuses[status] = (statuses[status] ?? 0) + 1
      const tally = tallies[due.kind]
      tally[isGood ? "good" : "bad"]++
      Histogram.record(tally.latency, now - due.at)
    }

    const sendFrom = (connection: Http.HttpConnection): void => {
      const due = queue[head]
      if (due === undefined) {
        idle.push(connection)
        return
      }
      head++
      if (head > 4096) {
        queue.splice(0, head)
        head = 0
      }
      underWay++
      connection.send(due.bytes, (answer) => {
        underWay--
        settle(due, answer)
        sendFrom(connection)
      })
    }

    const enqueue = (now: number): void => {
      while (dueAt <= now && dueAt < end) {
        if (queue.length - head >= queueMax) refused++
        else queue.push({ ...next(), at: dueAt })
        dueAt += (-Math.log(1 - random.next()) * 1000) / plan.rate
      }
    }

    const finish = (): void => {
      clearInterval(timer)
      for (const connection of all) connection.close()
      const cpu = process.cpuUsage(cpuBefore)
      const result = (kind: Kind): KindResult => {
        const { bad, good, latency } = tallies[kind]
        return { latency: Histogram.summary(latency), good, bad }
      }
      resolve({
        kinds: Object.fromEntries(kinds.map((kind) => [kind, result(kind)])) as Record<Kind, KindResult>,
        goodPerSecond: goodInTime / plan.seconds,
        unsent: queue.length - head + refused,
        faults: [...faults],
        statuses,
        generatorCpu: (cpu.user + cpu.system) / 1000 / (performance.now() - start)
      })
    }

    const tick = (): void => {
      const now = performance.now()
      enqueue(now)
      while (idle.length > 0 && head < queue.length) sendFrom(idle.pop()!)
      const isDone = dueAt >= end && head === queue.length && underWay === 0
      if (isDone || now > end + drainMillis) finish()
    }
    const timer = setInterval(tick, tickMillis)
  })
