/** The ways between the datacenters of one machine: how slow and lossy they are, and which are cut. */
import type { Effect, Scope } from "effect"
import * as Flow from "../servers/LinkFlow.ts"
import * as LinkProxy from "../servers/LinkProxy.ts"

export interface LinkNetwork {
  readonly datacenters: ReadonlyArray<string>
  /** Nothing that leaves `from` arrives in `to` from now on, and with `oneWay` left out nothing in the other direction either. */
  readonly cut: (from: string, to: string, oneWay?: boolean) => void
  /** Both ways. What was held up goes on. */
  readonly heal: (one: string, other: string) => void
  readonly isCut: (from: string, to: string) => boolean
  /** From now on, both ways between all. */
  readonly setConditions: (conditions: { readonly latencyMillis?: number; readonly loss?: number }) => void
  /** The proxy by which `from` reaches a service of `to`; `target` is asked at each connection. */
  readonly proxy: (
    from: string,
    to: string,
    target: LinkProxy.Options["target"]
  ) => Effect.Effect<LinkProxy.LinkProxy, Error, Scope.Scope>
}

export interface Options {
  readonly datacenters: ReadonlyArray<string>
  /** One way, in milliseconds; 0 unless given. */
  readonly latencyMillis?: number | undefined
  /** Of packets, 0…1; 0 unless given. */
  readonly loss?: number | undefined
  readonly random?: (() => number) | undefined
}

export const make = (options: Options): LinkNetwork => {
  const { datacenters, latencyMillis = 0, loss = 0, random } = options
  const ways = new Map(datacenters.flatMap((from) =>
    datacenters.filter((to) => to !== from).map((to) => [`${from}>${to}`, Flow.makeWay(latencyMillis, loss)] as const)
  ))
  const way = (from: string, to: string): Flow.Way => {
    const found = ways.get(`${from}>${to}`)
    if (found === undefined) throw new RangeError(`there is no way from ${from} to ${to}`)
    return found
  }
  return {
    datacenters,
    cut: (from, to, oneWay = false) => {
      Flow.change(way(from, to), { isCut: true })
      if (!oneWay) Flow.change(way(to, from), { isCut: true })
    },
    heal: (one, other) => {
      Flow.change(way(one, other), { isCut: false })
      Flow.change(way(other, one), { isCut: false })
    },
    isCut: (from, to) => way(from, to).isCut,
    setConditions: (conditions) => ways.forEach((each) => Flow.change(each, conditions)),
    proxy: (from, to, target) =>
      LinkProxy.start({ target, conditions: { forth: way(from, to), back: way(to, from) }, random })
  }
}
