/** Requests and latencies by route, at the price of two lookups a request. */
import type { Counter, Histogram } from "@rookery/observe/Counters"
import * as Metrics from "@rookery/observe/Metrics"

export interface RouteMetrics {
  readonly record: (route: string, status: number, millis: number) => void
}

interface Member {
  readonly seconds: Histogram
  readonly statuses: Map<number, Counter>
}

export const make = (): RouteMetrics => {
  const members = new Map<string, Member>()
  const memberOf = (route: string): Member => {
    const known = members.get(route)
    if (known !== undefined) return known
    const member: Member = { seconds: Metrics.httpSeconds.at(route), statuses: new Map() }
    members.set(route, member)
    return member
  }
  return {
    record: (route, status, millis) => {
      const member = memberOf(route)
      let counter = member.statuses.get(status)
      if (counter === undefined) {
        counter = Metrics.httpRequests.at(route, String(status))
        member.statuses.set(status, counter)
      }
      counter.value++
      member.seconds.observe(millis / 1_000)
    }
  }
}
