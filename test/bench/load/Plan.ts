/** What the load generator is told, and what it answers: plain data, for it is a process of its own. */
import type { Summary } from "../harness/Histogram.ts"

export const kinds = ["home", "user", "post"] as const
export type Kind = (typeof kinds)[number]

export interface Person {
  readonly accountId: string
  readonly token: string
}

export interface LoadPlan {
  readonly port: number
  readonly people: ReadonlyArray<Person>
  /** Share of each kind of request; together 1. */
  readonly mix: Readonly<Record<Kind, number>>
  /** Requests per second, at times drawn by lot (Poisson), whatever the server does. */
  readonly rate: number
  /** Only what was meant to be sent after `warmSeconds` counts. */
  readonly warmSeconds: number
  readonly seconds: number
  readonly connections: number
  readonly seed: number
}

export interface KindResult {
  /** From the moment at which the request was meant to be sent to the last byte of its answer, in milliseconds. */
  readonly latency: Summary
  /** Answered with 2xx. */
  readonly good: number
  readonly bad: number
}

export interface LoadResult {
  readonly kinds: Readonly<Record<Kind, KindResult>>
  /** Requests per second that were answered with 2xx within the measured time. */
  readonly goodPerSecond: number
  /** Meant to be sent, but still waiting for a free connection at the end or refused by the full queue. */
  readonly unsent: number
  /** Full pages of a sample that were not as asked for; each named once. */
  readonly faults: ReadonlyArray<string>
  readonly statuses: Readonly<Record<string, number>>
  /** Share of one core that the generator itself used. */
  readonly generatorCpu: number
}
